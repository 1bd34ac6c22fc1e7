# table.sh: what is broken on purpose, one mutant a paragraph, and who must notice. Read by run.sh.
#
#   mutant FILE 'what is wrong with it' CATCHER 'sed script'
#
# CATCHER is a test program (check_CATCHER.c), tsan-TEST for one of tests/ipc under ThreadSanitizer, or model-NAME.VARIANT
# where no test on x86 can be relied upon to see it: then the edit must still apply, and that variant of the model, which
# is the same mistake, must break.

# ---- ring.h: what is believed of a header ----

mutant ipc/ring.h 'the header is fetched once more after the check' scribbler '
	s/\*body = at + sizeof(\*head);/memcpy(head, at, sizeof(*head)); &/'
mutant ipc/ring.h 'a body may be larger than half a ring' scribbler '
	s/head->frag_len > ring_body_max(ring->bytes) ||/0 ||/'
mutant ipc/ring.h 'a body may reach beyond the tail' ring '
	s/record_room(head->frag_len) > ring->tail_seen - ring->position ||/0 ||/'
mutant ipc/ring.h 'an offset may lie beyond the whole body' ring '
	s/head->offset > head->total_len ||/0 ||/'
mutant ipc/ring.h 'a fragment may reach beyond the whole body' ring '
	s/head->frag_len > head->total_len - head->offset)/0)/'

# ---- ring.h: what is believed of positions ----

mutant ipc/ring.h 'the tail may be any distance ahead' ring '
	s/tail - ring->position > ring->bytes ||/0 ||/'
mutant ipc/ring.h 'the tail need not be aligned' ring '
	s/ || tail % RECORD_ALIGN)/)/'
mutant ipc/ring.h 'the head may be ahead of the tail' ring '
	s/if (head > ring->position ||/if (0 ||/'
mutant ipc/ring.h 'the head may go back' ring '
	s/ head < ring->head_seen ||/ 0 ||/'
mutant ipc/ring.h 'the head need not be aligned' ring '
	s/ || head % RECORD_ALIGN)/)/'

# ---- ring.h: where a record lies ----

mutant ipc/ring.h 'the reader does not mask its position' ring '
	s/const uint8_t \*at = ring->data + (ring->position & (ring->bytes - 1));/const uint8_t *at = ring->data + ring->position;/'
mutant ipc/ring.h 'the writer does not mask its position' ring '
	s/(ring->data + (ring->position & (ring->bytes - 1)))/(ring->data + ring->position)/'
mutant ipc/ring.h 'the last record of a full ring finds no room' ring '
	s/head_seen) >= room/head_seen) > room/'
mutant ipc/ring.h 'one record too many finds room' ring '
	s/(ring->position - ring->head_seen) >= room/& - RECORD_ALIGN/'
mutant ipc/lane.c 'the second half of the mapping is not the first again' lane_stress '
	s/answers + bytes, bytes, 4096 + bytes)/answers + bytes, bytes, 4096)/'

# ---- ring.h: the order of what is published ----

mutant ipc/ring.h 'the tail is published before the record' lane_stress '
	s/^\t\*to = \*head;/\tatomic_store_explicit(\&ring->tail->position, ring->position + record_room(head->frag_len), memory_order_release);\n&/'
mutant ipc/ring.h 'the head is published before the body was copied' lane_stress '
	s/^\t\*body = at + sizeof(\*head);/\tatomic_store_explicit(\&ring->head->position, ring->position + record_room(head->frag_len), memory_order_release);\n&/'
mutant ipc/ring.h 'the tail is not a release' tsan-lane_stress '
	/ring->tail->position, ring->position, memory_order_release/s/_release/_relaxed/'
mutant ipc/ring.h 'the head is not a release' tsan-lane_stress '
	/ring->head->position, ring->position, memory_order_release/s/_release/_relaxed/'
mutant ipc/ring.h 'the reader does not acquire the tail' tsan-lane_stress '
	/^static inline int MUST_USE ring_peek/,/^}/s/memory_order_acquire/memory_order_relaxed/'
mutant ipc/ring.h 'the writer does not acquire the head' tsan-lane_stress '
	/^static inline bool ring_refresh/,/^}/s/memory_order_acquire/memory_order_relaxed/'

# ---- ring.h, ring.c, lane.h: waiting for room ----

mutant ipc/ring.c 'the wish for room has no fence' model-room.NO_FENCE_IN_WANT '
	/^bool ring_want_space/,/^}/s/atomic_thread_fence(memory_order_seq_cst);//'
mutant ipc/ring.c 'the look for a wish has no fence' model-room.NO_FENCE_IN_AWAITED '
	/^bool ring_space_awaited/,/^}/s/atomic_thread_fence(memory_order_seq_cst);//'
mutant ipc/ring.c 'nobody hears of the wish for room' lane_stress '
	/^bool ring_want_space/,/^}/s/want_space, 1/want_space, 0/'
mutant ipc/ring.c 'the wish for room is never taken back' ring '
	/^void ring_got_space/,/^}/s/want_space, 0/want_space, 1/'
mutant ipc/ring.c 'a little less than half free is enough' ring '
	s|<= ring->bytes / 2;|<= ring->bytes / 2 + RECORD_ALIGN;|'
mutant ipc/ring.c 'half free is not enough' ring '
	s|<= ring->bytes / 2;|< ring->bytes / 2;|'
mutant ipc/lane.h 'nobody looks for a wish when the head was told already' lane_stress '
	s/lane->in.looked == lane->in.position/lane->in.told == lane->in.position/'
mutant ipc/lane.h 'who waits for room is not rung' lane_stress '
	s/if (ring_space_awaited(&lane->in))/if (0)/'
mutant ipc/ring.h 'the head is never told' ring '
	s/^\tatomic_store_explicit(&ring->head->position, ring->position, memory_order_release);//'

# ---- lane.h, bell.c: waking ----

mutant ipc/lane.h 'what was published is not rung for' lane_stress '
	/^static inline void lane_ring/,/^}/s/bell_ring(&lane->peer);//'
mutant ipc/ring.h 'a record is published and not marked as unrung' lane_stress '
	s/ring->unrung = true;//'
mutant ipc/bell.c 'the ringer has no fence' model-bell.NO_FENCE_IN_RING '
	/^void bell_ring/,/^}/s/atomic_thread_fence(memory_order_seq_cst);//'
mutant ipc/bell.c 'the sleeper has no fence' model-bell.NO_FENCE_IN_BEGIN '
	/^uint64_t bell_sleep_begin/,/^}/s/atomic_thread_fence(memory_order_seq_cst);//'
mutant ipc/bell.h 'the epoch is narrow' model-bell.EPOCHS=8 '
	s/_Atomic uint64_t sleep_epoch;/_Atomic uint8_t sleep_epoch;/'
mutant ipc/bell.c 'a process that is awake is rung' bell '
	s/!(epoch & 1) || //'
mutant ipc/bell.c 'a sleeper is rung for every record' bell '
	s/ || epoch == peer->last_rung//'
mutant ipc/bell.c 'a sleeper is rung in its first sleep only' bell '
	s/epoch == peer->last_rung/peer->last_rung/'
mutant ipc/bell.c 'the sleeper stays asleep' bell '
	s/epoch + 1, memory_order_relaxed/epoch + 2, memory_order_relaxed/'
mutant ipc/bell.c 'one sleep looks like the next' bell '
	s/epoch + 1, memory_order_relaxed/epoch - 1, memory_order_relaxed/'
mutant ipc/bell.c 'who rings may block' bell '
	s/fcntl(writing, F_SETFL, O_NONBLOCK) ||//'
mutant ipc/bell.c 'a peer may write the own page' bell '
	/^int bell_page_seal(/,/^}/s/F_SEAL_FUTURE_WRITE | //'
mutant ipc/bell.c 'a page without its seal is taken' bell '
	s/(seals & wanted) == wanted/(seals \& wanted) != 0/'
mutant ipc/lane.c 'a peer may cut the lane short' scribbler '
	s/F_SEAL_SHRINK | //'
mutant ipc/lane.c 'a peer may make the lane grow' scribbler '
	s/F_SEAL_GROW | //'
mutant ipc/lane.c 'a peer may seal the lane against writing' scribbler '
	s/ | F_SEAL_SEAL//'

# ---- the worker's sleep and what rsd tells it ----

mutant runtime/ends.c 'a worker sleeps without telling what it read' model-room.SLEEP_UNTOLD '
	/^bool ends_sleep_begin/,/^}/s/ends_settle();//
	/^void ends_sleep(/,/^}/s/ends_settle();//'
mutant runtime/ends.c 'a worker looks at its lanes, then says that it sleeps' model-bell.LOOK_BEFORE_BEGIN '
	/^bool ends_sleep_begin/,/^}/{
		s/epoch = bell_sleep_begin(ends.own);/bool some = ends_scan(but);\n&/
		s/!ends_scan(but) \&\& /!some \&\& /
	}'
mutant runtime/ends.c 'a worker sleeps without a look at its table' model-table.NO_COMPARE '
	/^bool ends_sleep_begin/,/^}/s/ && !ends_table_changed()//'
mutant runtime/ends.c 'a change from before the lane was taken is forgotten' model-table.KEEP_VERSION '
	/^int ends_take/,/^}/s/ends.table_version = 0;//'
mutant runtime/closing.c 'the entries are read before the version' model-table.ENTRY_FIRST '
	/^void closing_watch/,/^}/{
		/ends.table_version = /d
		s/^\t\twatch(i);/&\n\tends.table_version = atomic_load_explicit(\&ends.table->version, memory_order_acquire);/
	}'
mutant supervisor/worker.c 'nobody is rung for a change in the table' model-table.NO_RING '
	/^static void changed/,/^}/s/bell_ring(&worker->home.peer);//'
mutant supervisor/worker.c 'the version is raised before the entry changes' model-table.VERSION_FIRST '
	/^void worker_table_state/,/^}/{
		s/\tchanged(worker);//
		s/\tatomic_store_explicit/\tchanged(worker);\n&/
	}'

# ---- the broker: who may talk to whom ----

mutant supervisor/slots.c 'a slot is given again while a lane lives that knew it' sim '
	/^uint32_t slots_number/,/^}/s/ && !(taken >> i & 1))/)/'
mutant supervisor/slots.c 'what was once allowed on a lane is forgotten' sim '
	s/link->ever |= slots_bit(slot);//'
mutant supervisor/broker.c 'the end of a process is told before its interfaces are free' sim '
	/^void broker_process_gone/,/^}/{
		s/^\tlanes_peer_gone(broker, member);//
		s/^\thandlers_gone(broker, member);/\tlanes_peer_gone(broker, member);\n&/
	}'
mutant supervisor/opening.c 'who asks twice is served twice' sim '
	/^static struct wait \*wait_get/,/^}/s/waits_find(client, entry)/NULL/'
mutant supervisor/opening.c 'a process may wait for any number of interfaces' sim '
	s/client->waits_count < BROKER_PENDING_MAX/1/'
mutant supervisor/opening.c 'who did not ask for it waits as well' sim '
	/^void opening_begin/,/^}/s/status = delays ? begin_wait/status = 1 ? begin_wait/'
mutant supervisor/broker.c 'who is gone still waits' sim '
	/^void broker_process_gone/,/^}/s/forget_waits(broker, member);//'
mutant supervisor/waits.c 'who waits longest is served last' sim '
	/^void waits_begin/,/^}/{
		s/wait->previous = entry->last_wait;/wait->next = entry->waits;/
		s/\*(entry->last_wait ? &entry->last_wait->next : &entry->waits) = wait;/*(entry->waits ? \&entry->waits->previous : \&entry->last_wait) = wait; entry->waits = wait;/
		s/entry->last_wait = wait;//
	}'
mutant supervisor/waits.c 'who was served waits for one more than it does' sim '
	s/client->waits_count--;//'
mutant supervisor/broker.c 'a lane is let go of again and again' sim '
	/^bool broker_lane_done/,/^}/s/return link;/return true;/'
mutant supervisor/links.c 'an index is used again before it was let go of' sim '
	/^uint32_t links_unused/,/^}/s/ && member->lanes\[i\])/ \&\& member->lanes[i] \&\& member->lanes[i]->open)/'
mutant supervisor/handlers.c 'who lets go of an interface is sent its messages all the same' sim '
	/^void handlers_take/,/^}/s/slots_take_all(broker, handler, slot);//'
mutant supervisor/slots.c 'what a dead client said comes to one who let go' broker '
	s/if (link->ends\[LANE_HANDLER\])/if (link->open)/'
mutant supervisor/handlers.c 'anybody may let go of an interface' sim '
	/^uint32_t handlers_unregister/,/^}/s/entry->handler == handler)/entry->handler)/'
mutant supervisor/handlers.c 'an interface is taken from its handler' sim '
	/^uint32_t handlers_register/,/^}/s/ && stays(entry))/ \&\& 0)/'
mutant supervisor/handlers.c 'a host interface may be handled by anybody' sim '
	/^static uint32_t may_register/,/^}/s/(entry->host || entry->instance)/entry->instance/'
mutant supervisor/slots.c 'a client may send before its handler may read' sim '
	/^void slots_allow/,/^}/{
		s/tell_slots(broker, link, LANE_HANDLER);/tell_slots(broker, link, LANE_CLIENT);/
		t
		s/tell_slots(broker, link, LANE_CLIENT);/tell_slots(broker, link, LANE_HANDLER);/
	}'
mutant supervisor/slots.c 'a new interface on a lane takes the old ones away' sim '
	s/link->slots\[LANE_HANDLER\] |= slots_bit(slot)/link->slots[LANE_HANDLER] = slots_bit(slot)/'
mutant supervisor/lanes.c 'who accuses its peer keeps its own end' sim '
	/^void lanes_close/,/^}/s/^\ttell_state(broker, link, LANE_HANDLER, TABLE_CLOSED);//'
mutant supervisor/lanes.c 'who lets go of a lane does not tell its peer' sim '
	/^void lanes_done/,/^}/s/tell_state(broker, link, other(role), TABLE_CLOSED);//'
mutant supervisor/lanes.c 'the lane of a dead peer is closed, not drained' sim '
	/^void lanes_peer_gone/,/^}/s/TABLE_PEER_DEAD/TABLE_CLOSED/'
mutant supervisor/lanes.c 'both ends of a lane to oneself have one index' sim '
	s/client == handler ? at_client + 1 : handler->free_from/handler->free_from/'
mutant supervisor/broker.c 'a lane that nobody has any more is still paid for' sim '
	/^static void member_free/,/^}/s/links_end(link, links_role(link, member, i));//'
mutant supervisor/links.c 'a lane that both let go of is kept' sim '
	/^void links_end/,/^}/s/^\tfree(link);//'
mutant supervisor/directory.c 'an interface that nobody knows any more is kept' sim '
	/^void directory_drop/,/^}/s/^\tfree(entry);//'

# ---- the broker: what people say ----

mutant supervisor/reviewing.c 'what is revoked stays open' broker_matrix '
	s/slots_take(broker, link, number, SLOTS_REVOKED);/;/'
mutant supervisor/slots.c 'the handler takes what was revoked' broker_matrix '
	/^void slots_take(/,/^}/s/link->slots\[LANE_HANDLER\] &= ~bit;//'
mutant supervisor/slots.c 'what was revoked comes once it is granted again' broker_matrix '
	s/link->revoked |= bit;//'
mutant supervisor/reviewing.c 'what is to be mediated goes on past rsd' broker_matrix '
	s/else if (verdict.mediated \&\& !link->mediated)/else if (0)/'
mutant supervisor/reviewing.c 'who waited for an answer is not told' sim '
	/^void reviewing_interface/,/^}/s/opening_again(broker, entry, 0);/;/'
mutant supervisor/reviewing.c 'what one was answered counts for all' broker_grants '
	s/opening_again(broker, entry, process);/opening_again(broker, entry, 0);/'
mutant supervisor/reviewing.c 'one that was replaced takes what is revoked' broker_handlers '
	/^void reviewing_interface/,/^}/s/slot = entry->replaced; slot;/slot = entry->replaced; 0;/'
mutant supervisor/reviewing.c 'a handler that may not any more goes on' sim '
	/^void reviewing_interface/,/^}/s/handlers_review(broker, entry);//'
mutant supervisor/reviewing.c 'a host interface stays allowed' broker_matrix '
	s/slots_take_host(broker, client, entry->slot);/;/'
mutant supervisor/opening.c 'the question is put again and again' broker_grants '
	/^static void put_question/,/^}/s/end_wait(broker, wait, RS_DENIED);/;/'
mutant supervisor/opening.c 'who may wait is told no for good' sim '
	/^static void comes_not/,/^}/s/if (!wait->delays)/if (1)/'
mutant supervisor/opening.c 'who cannot wait is left waiting' sim '
	/^static void comes_not/,/^}/s/if (!wait->delays)/if (0)/'
mutant supervisor/opening.c 'what is mediated is overtaken' broker_grants '
	/^static void lead_to_handler/,/^}/s/(verdict->mediated \&\& !link->mediated)/verdict->mediated != link->mediated/'
mutant supervisor/opening.c 'lanes of no use are kept' broker_grants '
	/^static struct link \*lane_for/,/^}/s/close_useless(broker, client, handler);//'
mutant supervisor/judging.c 'limits are kept where nobody counts' broker_grants '
	s/ || any(&verdict.limits)//'
mutant supervisor/judging.c 'an instance is everybody'"'"'s' broker_handlers '
	s/entry->instance->owner == client ? RS_OK : RS_DENIED/RS_OK/'

# ---- the broker: one takes over from another ----

mutant supervisor/handlers.c 'what was sent to the old one is lost' sim '
	/^static void hand_over/,/^}/s/slots_drain_all(/slots_take_all(/'
mutant supervisor/handlers.c 'who sends goes on sending to the old one' broker_handlers '
	/^static void hand_over/,/^}/s/slots_drain_all(broker, old, entry->slot);//'
mutant supervisor/handlers.c 'one that was replaced cannot let go' sim '
	/^uint32_t handlers_unregister/,/^}/s/if (slot == TABLE_SLOTS_MAX)/if (1)/'
mutant supervisor/handlers.c 'any program may handle what is bound' sim '
	/^static uint32_t may_register/,/^}/s/return hash_equal(&handler->program, &entry->program) ? RS_OK : RS_DENIED;/return RS_OK;/'
mutant supervisor/handlers.c 'who came by a binding needs a grant' sim '
	/^void handlers_review/,/^}/s/entry->by_binding ||/0 ||/'
mutant supervisor/handlers.c 'a slot of one that is gone is remembered' sim '
	/^void handlers_gone/,/^}/s/replaced_no_more(broker, &handler->slots\[i\]);//'
mutant supervisor/instances.c 'an instance outlives its owner' broker_handlers '
	/^void instances_gone/,/^}/s/while (owner \&\& owner->instances)/while (0)/'
mutant supervisor/lanes.c 'who says that it let go has nothing left' broker_grants '
	/^void lanes_done/,/^}/s/remember_all(link);//'
mutant runtime/closing.c 'the end of a client is told with the first of its lanes' closing '
	/^const struct end \*closing_leaving/,/^}/s/company_of(i)/ALONE/'

# ---- relays.c, linking.c: what rsd passes on ----

mutant supervisor/relays.c 'either side may say anything' relays '
	s/head.kind >= 32 || !(kinds\[from\] >> head.kind & 1) ||/0 ||/'
mutant supervisor/relays.c 'a body may come in any order' relays '
	s/ || !in_order(under_way, &head))/)/'
mutant supervisor/relays.c 'what is revoked seems let go of' relays '
	s/relay->revoked & bit ? RS_DENIED : //'
mutant supervisor/relays.c 'the slot is not looked at' relays '
	s/under_way->refusal = refusal(relay, &head);/under_way->refusal = RS_OK;/'
mutant supervisor/relays.c 'a refusal goes between the fragments of an answer' relays '
	s/if (relay->bodies\[LANE_HANDLER\].next) {/if (0) {/'
mutant supervisor/relays.c 'to somebody gone there has to be room' relays '
	s/if (!relay->gone\[relays_other(from)\])$/if (1)/'
mutant supervisor/relays.c 'it is drained while something is left' relays '
	s/if (r == EMPTY \&\& relay->gone\[from\])/if (relay->gone[from])/'
mutant supervisor/relays.c 'what is written after the end is passed on' relays '
	s/if (relay->gone\[from\] \&\& in->position >= relay->end)/if (0)/'
mutant supervisor/relays.c 'who waits for room is not told that there is some' relays '
	s/^\tlane_tell(&relay->lanes\[from\]);//'
mutant supervisor/relays.c 'a turn has no end' relays '
	s/n < RELAYS_TURN_RECORDS \&\& //'
mutant supervisor/relays.c 'a head that lies keeps rsd awake' relays '
	s/&relay->ways\[way\], &out->head->position, head);/\&relay->ways[way], \&out->head->position, out->head_seen);/'
mutant supervisor/linking.c 'the end is told before what was published' linking '
	s/^\tif (relay \&\& state == TABLE_PEER_DEAD) {/\tif (0) {/'
mutant supervisor/linking.c 'nobody hears of an end that had to wait' linking '
	s/^\t\tworker_table_state(worker, lane, TABLE_PEER_DEAD);/\t\t;/'
mutant supervisor/linking.c 'who accuses somebody gone waits for ever' linking '
	s/^\tif (relay \&\& is_over(relay))/\tif (0)/'
mutant supervisor/linking.c 'a closed lane is passed on' linking '
	/^static void lane_state/,/^}/s/^\tif (relay)$/\tif (0)/'
mutant supervisor/lookout.c 'what changed is not always met' lookout '
	s/lookout->items\[b\]->place = b + 1;//'

# ---- runtime/: whose turn it is ----

mutant runtime/inbox.c 'one lane is read until it is empty, whatever waits on the others' turns '
	s/n < TURN_RECORDS/1/; s/ends.all\[i\].lane.in.position < end/1/'
mutant runtime/inbox.c 'the turn always begins with the first lane' turns '
	/^static int64_t read_lanes/,/^}/s/read_between(last + 1, /read_between(0, /'
mutant runtime/inbox.c 'while some lanes are busy no other is looked at' turns '
	s/if (++unscanned >= SCAN_EVERY)/if (0)/'
mutant runtime/inbox.c 'a lane is drained before its peer is known to be dead' closing '
	s/empty && ends.all\[i\].state == END_DRAINING/empty/'

# ---- runtime/: sleep ----

mutant runtime/ends.c 'a sleeper does not ring those it wrote to' sleep_soak '
	/^bool ends_sleep_begin/,/^}/s/ends_settle();//
	/^void ends_sleep(/,/^}/s/ends_settle();//'
mutant runtime/ends.c 'a sleeper does not look at its lanes again' sleep_soak '
	/^bool ends_sleep_begin/,/^}/s/!ends_scan(but) && //'
mutant runtime/ends.c 'who sleeps for room does not say so' sleep_soak '
	/^bool ends_sleep_begin/,/^}/s/ && !room_came()//'

# ---- runtime/: what is believed ----

mutant runtime/taking.c 'an answer to nothing is taken' closing '
	/^static int64_t answer_unasked/,/^}/s/return TAKING_LIE;/;/'
mutant runtime/taking.c 'an answer is taken from whoever guesses its id' closing '
	s/ && ticket->lane == i ? ticket/ ? ticket/'
mutant runtime/taking.c 'an interface that was taken away is used all the same' closing '
	/^static uint32_t refusal/,/^}/s/if (!(ends_table_slots(i) >> head->slot & 1))/if (0)/'
mutant runtime/taking.c 'a slot may have any number' closing '
	s/head->slot >= TABLE_SLOTS_MAX || //'
mutant runtime/parcels.c 'fragments need not follow one another' parcels '
	s/ && head->offset == first->offset &&/ \&\&/'
mutant runtime/parcels.c 'the whole may grow while it comes' parcels '
	s/head->total_len == first->total_len && //'
mutant runtime/parcels.c 'an empty fragment is one' parcels '
	/^static bool follows/,/^}/s/head->frag_len;/1;/'

# ---- runtime/: books that must come out even ----

mutant runtime/sending.c 'a ticket is kept for a message that never went' fragments '
	/^static uint32_t put_long/,/^}/s/tickets_free(&tickets_own, ticket);/;/'
mutant runtime/taking.c 'an answer does not give back the room it had' sending '
	/^static int64_t take_answer/,/^}/s/ends.all\[i\].unanswered--;//'
mutant runtime/taking.c 'an answer that was kept does not give back the room it had' calls '
	/^static int64_t answer_kept/,/^}/s/ends.all\[i\].unanswered--;//'
mutant runtime/sending.c 'more is asked than answers find room for' sending '
	/^static uint32_t put(/,/^}/s/(flags & RS_NEEDS_ANSWER) && !sending_may_ask(route->lane)/0/'
mutant runtime/parcels.c 'the room of a body that was dropped stays claimed' parcels '
	/^static void let_go/,/^}/s/message_bytes -= claim_of(&parcels\[lane\].head);/;/'
mutant runtime/tickets.c 'a ticket is used again under the same id' tickets '
	s/++set->given \* TICKETS_MAX/set->given * TICKETS_MAX/'
mutant runtime/tickets.c 'the program is told twice how a message ended' tickets '
	/^void tickets_told/,/^}/s/^\t\tset->first = ticket->next;/\t\t;/'

# ---- runtime/: order, and the end of a lane ----

mutant runtime/held.c 'what was kept may overtake what found no room' sending '
	s/if (route->flushed == rounds)/if (0)/'
mutant runtime/sending.c 'a message overtakes those that were kept' sending '
	/^uint32_t sending_message/,/^}/{
		s/^\tif (route->held) .*$/\tif (0)/
		/held_flush();/d
		/^\tif (route->held)$/d
	}'
mutant runtime/closing.c 'a lane whose peer is dead is not read to its end' closing '
	s/end->state = END_DRAINING;/close_lane(i, END_DONE);/'
mutant runtime/closing.c 'what was asked on a lane that ended stays open' closing '
	s/tickets_lane_gone((uint16_t)i, RS_HANDLER_GONE);//'
mutant runtime/closing.c 'the end of a client is not told' closing '
	s/tell ? END_LEAVING : state/state/'
mutant runtime/closing.c 'the end of a client is told though it never spoke' closing '
	s/ && end->heard;/;/'
mutant runtime/ends.c 'rsd does not hear that a lane could not be taken' closing '
	s/r ? END_OWES_TAKEN | END_OWES_BROKEN : END_OWES_TAKEN/END_OWES_TAKEN/'
mutant runtime/ends.c 'a lane is let go of before rsd heard that it was taken' closing '
	/^static bool pay/,/^}/{
		/{ END_OWES_TAKEN, RECORD_LANE_TAKEN },/d
		s/^\t\t{ END_OWES_DONE, RECORD_LANE_DONE },/&\n\t\t{ END_OWES_TAKEN, RECORD_LANE_TAKEN },/
	}'
mutant runtime/fragments.c 'a body that is given up is not taken back' fragments '
	s/^\t\ttake_back(lane, head);/\t\t;/'
mutant runtime/fragments.c 'there may be no room to take a body back' fragments '
	/^static uint32_t room_with_abort/,/^}/s/frag_len + RECORD_ALIGN/frag_len/'
mutant runtime/routes.h 'a way leads to whatever its lane is used for now' sending '
	s/ && end->generation == route->generation &&/ \&\&/'

# ---- runtime/: rsd makes up its mind ----

mutant runtime/routes.h 'a host interface is used after it was taken away' later '
	/^static inline bool routes_usable/,/^}/s/!(ends_table_slots(route->lane) >> route->slot & 1))/0)/'
mutant runtime/held.c 'nobody handles it, and those that wait for somebody end as well' later '
	s/!(status == RS_NO_HANDLER && held->flags)/1/'
mutant runtime/routes.c 'nobody handles it, and those that would not wait for somebody stay' later '
	s/ || route->state == ROUTE_AWAITED))/))/'
mutant runtime/held.c 'rsd remembers a client that does not wait' later '
	s/routes_ask(route, held->flags)/routes_ask(route, RS_ALLOW_DELAY)/'
mutant runtime/routes.c 'who was refused is not told when rsd has said' later '
	s/^\t\tagain_settled();/\t\t;/'
mutant runtime/routes.c 'who was refused is forgotten for others' later '
	s/ && !routes\[place\].refused)/)/'
mutant runtime/inbox.c 'a look does not see the word that came in it' later '
	s/^\t\t\troom = want->messages && again_due();/\t\t\t;/'
mutant runtime/sending.c 'own output is kept, and may still be refused' later '
	s/flags & SENDING_UNKEPT ? RS_BUSY : hold/hold/'
mutant runtime/sending.c 'a word that came after the refusal wakes nobody' later '
	/^void sending_want_room/,/^}/s/ends_want_room(LANE_HOME, sizeof(struct home_open));/;/'
mutant runtime/calls.c 'a program ends before its last words are out' later '
	s/while (held_sure() &&/while (0 \&\& held_sure() \&\&/'
mutant runtime/taking.c 'what is revoked seems let go of' closing '
	s/return ends_table_revoked(i) >> head->slot & 1 ? RS_DENIED : RS_HANDLER_GONE;/return RS_HANDLER_GONE;/'

# ---- limits of a client ----

mutant supervisor/meter.c 'what is not sent is saved up for ever' meter '
	/^static void fill/,/^}/s/if (meter->credit > full(meter))/if (0)/'
mutant supervisor/meter.c 'who opens again begins with a full second' meter '
	s/if (!other_rate)/if (0)/'
mutant supervisor/meters.c 'an answer hides others that wait' meters '
	s/if (from_home < ((i - free_place) & mask))/if (1)/'
mutant supervisor/meters.c 'an answer makes room in another slot' meters '
	s/meter_answered(&meters->slots\[meters->asked\[place\].slot - 1\]);/meter_answered(\&meters->slots[0]);/'
mutant supervisor/relays.c 'what waits for room is counted each time it is looked at' relays '
	s/return meters_check(&relay->meters, head);/meters_take(\&relay->meters, head);\n&/'
mutant supervisor/relays.c 'an answer makes no room for another message' relays '
	s/meters_answered(&relay->meters, head->id);/;/'
mutant supervisor/crew.c 'a refusal makes room as an answer does' hearing '
	/^void crew_refuse/,/^}/s/answer(crew,/meters_answered(\&worker->meters, id);\n&/'
mutant supervisor/hearing.c 'a cancelled message waits for its answer for ever' hearing '
	/^static void on_cancel/,/^}/s/meters_answered(&worker->meters, head->id);/;/'
mutant supervisor/hearing.c 'what was taken away is heard all the same' hearing '
	s/if (!(worker->host_slots >> head->slot & 1))/if (0)/'
mutant supervisor/hearing.c 'who did not hear in time that it was taken away is a liar' hearing '
	s/worker->host_given >> head->slot/worker->host_slots >> head->slot/'
