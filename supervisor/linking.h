/*
 * linking.h: carries out what the broker wants (struct broker_actions): makes lanes, gives each
 * end its descriptors, and keeps the lane tables.
 */
#pragma once

#include "supervisor/crew.h"

/* context is the crew. */
struct broker_actions linking_actions(struct crew *crew);
