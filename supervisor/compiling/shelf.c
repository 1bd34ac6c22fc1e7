#include "supervisor/compiling/shelf.h"

struct shelf {
	struct shelf_object all; /* head of a ring */
	uint32_t idle;
	uint64_t idle_bytes;
};

int shelf_new(struct shelf **out)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));

	if (!shelf)
		return -ENOMEM;
	shelf->all.next = shelf->all.previous = &shelf->all;
	*out = shelf;
	return 0;
}

static void link_last(struct shelf *shelf, struct shelf_object *object)
{
	object->next = &shelf->all;
	object->previous = shelf->all.previous;
	object->previous->next = object;
	object->next->previous = object;
}

static void unlink_object(struct shelf_object *object)
{
	object->previous->next = object->next;
	object->next->previous = object->previous;
}

static void close_object(struct shelf_object *object)
{
	unlink_object(object);
	close(object->fd);
	free(object);
}

struct shelf *shelf_free(struct shelf *shelf)
{
	if (!shelf)
		return NULL;
	while (shelf->all.next != &shelf->all)
		close_object(shelf->all.next);
	free(shelf);
	return NULL;
}

struct shelf_object *shelf_hold(struct shelf_object *object)
{
	if (object->holders++ == 0) {
		object->shelf->idle--;
		object->shelf->idle_bytes -= object->bytes;
	}
	unlink_object(object); /* now the most recently used */
	link_last(object->shelf, object);
	return object;
}

struct shelf_object *shelf_get(struct shelf *shelf, const struct hash *key)
{
	/* from the end: what is asked for was often asked for a moment ago */
	for (struct shelf_object *o = shelf->all.previous; o != &shelf->all; o = o->previous)
		if (!o->stale && hash_equal(&o->key, key))
			return shelf_hold(o);
	return NULL;
}

struct shelf_object *shelf_add(struct shelf *shelf, const struct hash *key,
	enum object_tier tier, int fd, uint64_t bytes)
{
	struct shelf_object *object = calloc(1, sizeof(*object));

	if (!object) {
		close(fd);
		return NULL;
	}
	*object = (struct shelf_object){ .fd = fd,
		.bytes = bytes,
		.key = *key,
		.tier = tier,
		.shelf = shelf,
		.holders = 1 };
	link_last(shelf, object);
	return object;
}

static void trim(struct shelf *shelf)
{
	for (struct shelf_object *o = shelf->all.next, *next; o != &shelf->all; o = next) {
		next = o->next;
		if (shelf->idle <= SHELF_IDLE_MAX && shelf->idle_bytes <= SHELF_IDLE_BYTES_MAX)
			return;
		if (o->holders)
			continue;
		shelf->idle--;
		shelf->idle_bytes -= o->bytes;
		close_object(o);
	}
}

struct shelf_object *shelf_drop(struct shelf_object *object)
{
	if (!object || --object->holders)
		return NULL;
	if (object->stale) {
		close_object(object);
		return NULL;
	}
	object->shelf->idle++;
	object->shelf->idle_bytes += object->bytes;
	trim(object->shelf);
	return NULL;
}

void shelf_forget(struct shelf *shelf, const struct hash *key)
{
	struct shelf_object *object = shelf_get(shelf, key);

	if (!object)
		return;
	object->stale = true;
	shelf_drop(object);
}
