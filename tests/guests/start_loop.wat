;; start_loop.wat: never comes back from its start function, which runs while the module is instantiated.
(module
  (memory (export "memory") 1)
  (func $spin (loop (br 0)))
  (func (export "_start"))
  (start $spin))
