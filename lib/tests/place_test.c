/* SPDX-License-Identifier: MIT */
/*
 * place_test.c - where in a damaged batch the damage is, as its events show: how usual an event
 * is among others, and which of the most unusual ones is chosen.
 */
#include "repair/place.h"
#include "repair/usual.h"
#include "spec/types.h"
#include "tests/suites.h"
#include "tracetool.h"

/* ---- how usual an event is */

enum { REASON = 3, STACK = 300, OTHER_STACK = 301, SHORT_STACK = 5 };

static const struct tt_raw_event start = {.type = TT_EV_GO_START, .args = {7, 1}};
static const struct tt_raw_event block = {.type = TT_EV_GO_BLOCK, .args = {REASON, STACK}};

/* Goroutine 7 starts and blocks, so often. */
static void count_pairs(struct tt_usual *u, unsigned n)
{
	tt_usual_begin(u);
	for (unsigned i = 0; i < n; i++) {
		tt_usual_count(u, &start, 10);
		tt_usual_count(u, &block, 100);
	}
}

/* Of an event that follows a GoStart. */
static struct tt_usual_score score_after_start(struct tt_usual *u, const struct tt_raw_event *ev,
					       uint64_t dt)
{
	tt_usual_begin(u);
	tt_usual_score(u, &start, 10, 5);
	return tt_usual_score(u, ev, dt, 5);
}

static void open_usual(struct tt_usual *u, struct tt_mem *mem, struct tt_specs **specs)
{
	struct tt_error err;

	ck_assert_int_eq(tt_specs_new(specs, &err), 0);
	ck_assert(tt_usual_init(u, mem, *specs));
}

static void close_usual(struct tt_usual *u, struct tt_mem *mem, struct tt_specs *specs)
{
	tt_usual_release(u);
	tt_specs_free(specs);
	ck_assert_uint_eq(mem->used_nbytes, 0);
}

START_TEST(an_event_like_the_others_is_usual)
{
	static struct tt_usual u;
	struct tt_raw_event other = block;
	struct tt_mem mem = {0};
	struct tt_specs *specs;
	struct tt_usual_score usual;

	open_usual(&u, &mem, &specs);
	count_pairs(&u, 100);
	usual = score_after_start(&u, &block, 100);
	ck_assert_int_lt(usual.all, -56);
	/* an id of a table that none has; a pause that none has; a type that follows no such event */
	other.args[1] = OTHER_STACK;
	ck_assert_int_gt(score_after_start(&u, &other, 100).all, usual.all + 64);
	ck_assert_int_gt(score_after_start(&u, &block, 1 << 20).all, usual.all + 64);
	/* (of which the pause alone says 56) */
	tt_usual_begin(&u);
	tt_usual_score(&u, &block, 100, 5);
	usual = tt_usual_score(&u, &start, 10, 5);
	ck_assert_int_gt(score_after_start(&u, &start, 10).all, usual.all + 100);
	close_usual(&u, &mem, specs);
}
END_TEST

START_TEST(a_number_that_others_have_proves_an_event)
{
	static struct tt_usual u;
	struct tt_raw_event other = block, stop = {.type = TT_EV_PROC_STOP};
	struct tt_mem mem = {0};
	struct tt_specs *specs;

	open_usual(&u, &mem, &specs);
	count_pairs(&u, 100);
	other.args[1] = OTHER_STACK;
	ck_assert(score_after_start(&u, &block, 100).proved);
	ck_assert(!score_after_start(&u, &other, 100).proved);
	/* nor does one that is short and rare */
	other.args[1] = SHORT_STACK;
	tt_usual_begin(&u);
	tt_usual_count(&u, &other, 100);
	ck_assert(!score_after_start(&u, &other, 100).proved);
	/* where there is no other number, the time */
	ck_assert(!score_after_start(&u, &stop, 20).proved);
	for (unsigned i = 0; i < 100; i++) {
		tt_usual_begin(&u);
		tt_usual_count(&u, &start, 10);
		tt_usual_count(&u, &stop, 20);
	}
	ck_assert(score_after_start(&u, &stop, 20).proved);
	close_usual(&u, &mem, specs);
}
END_TEST

START_TEST(an_event_proves_nothing_of_itself)
{
	static struct tt_usual u;
	struct tt_raw_event other = block;
	struct tt_mem mem = {0};
	struct tt_specs *specs;
	struct tt_usual_score seen, own;

	open_usual(&u, &mem, &specs);
	count_pairs(&u, 100);
	other.args[1] = OTHER_STACK;
	tt_usual_begin(&u);
	tt_usual_count(&u, &start, 10);
	tt_usual_count(&u, &other, 100);
	seen = score_after_start(&u, &other, 100);
	u.own = 1;
	own = score_after_start(&u, &other, 100);
	ck_assert_int_gt(own.all, seen.all + 32);
	ck_assert(!own.proved);
	other.args[1] = OTHER_STACK + 1;
	ck_assert_int_eq(score_after_start(&u, &other, 100).all, own.all);
	close_usual(&u, &mem, specs);
}
END_TEST

/* ---- the place */

enum { MOST_EVENTS = 200, EVENT_NBYTES = 10, USUAL_SCORE = -100 };

static struct tt_doubted_event list[MOST_EVENTS];

/* n events as they were written. */
static struct tt_doubted_events usual_events(unsigned n)
{
	struct tt_doubted_events events = {.list = {.at = list, .n = n, .cap = n}};

	for (unsigned i = 0; i < n; i++)
		list[i] = (struct tt_doubted_event){
			.at = i * EVENT_NBYTES, .score = USUAL_SCORE, .proved = true};
	return events;
}

/* Before which event the place is, if so many can be ordered. */
static unsigned place_of(const struct tt_doubted_events *events, unsigned nordered,
			 enum tt_place near)
{
	uint32_t at = tt_doubted_events_place(events, nordered * EVENT_NBYTES, near);

	ck_assert_uint_eq(at % EVENT_NBYTES, 0);
	return at / EVENT_NBYTES;
}

START_TEST(few_events_are_misread_before_decoding_stops)
{
	struct tt_doubted_events events = usual_events(40);

	/* too many follow what stops ordering: it has another reason */
	ck_assert_uint_eq(place_of(&events, 10, TT_PLACE_DECODING), 10);
	/* the last one that is proved may be so by chance */
	events = usual_events(20);
	ck_assert_uint_eq(place_of(&events, 15, TT_PLACE_DECODING), 14);
	for (unsigned i = 12; i < 15; i++)
		list[i].proved = false;
	ck_assert_uint_eq(place_of(&events, 15, TT_PLACE_DECODING), 11);
	/* no more than that are misread */
	events = usual_events(30);
	for (unsigned i = 0; i < 30; i++)
		list[i].proved = false;
	ck_assert_uint_eq(place_of(&events, 25, TT_PLACE_DECODING), 25 - TT_NMISREAD - 1);
	/* what is known to be good is kept */
	events.ngood = 20 * EVENT_NBYTES;
	ck_assert_uint_eq(place_of(&events, 25, TT_PLACE_DECODING), 20);
}
END_TEST

START_TEST(the_most_unusual_event_shows_the_place)
{
	struct tt_doubted_events events = usual_events(40);

	/* if none is, it is right where ordering stops */
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 29);
	list[20].score = 100;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 19);
	list[18].proved = list[19].proved = false;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 17);
	/* not what stands far before, nor in what is known to be good */
	events = usual_events(40);
	list[5].score = 100;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 29);
	list[10].score = 200;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 9);
	events.ngood = 15 * EVENT_NBYTES;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 29);
	events.ngood = 40 * EVENT_NBYTES;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 30);
}
END_TEST

/* Of events that change what ordering knows, few are misread before it stops. */
START_TEST(events_that_are_in_order_speak_against_a_place_before_them)
{
	struct tt_doubted_events events = usual_events(40);

	list[10].score = 60;
	list[28].score = 20;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 27);
	/* where ordering does not stop, that says nothing */
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ANYWHERE), 9);
	for (unsigned i = 0; i < 40; i++)
		list[i].silent = true;
	ck_assert_uint_eq(place_of(&events, 30, TT_PLACE_ORDERING), 9);
}
END_TEST

START_TEST(an_event_that_waits_may_wait_for_another_thread)
{
	struct tt_doubted_events events = usual_events(MOST_EVENTS);

	ck_assert_uint_eq(place_of(&events, 50, TT_PLACE_WAITING), 49);
	/* a strange event comes later: the damage is there */
	list[150].score = 70;
	ck_assert_uint_eq(place_of(&events, 50, TT_PLACE_WAITING), 50);
	ck_assert_uint_eq(place_of(&events, 50, TT_PLACE_ORDERING), 49);
	/* it is not strange enough, or not more so than one before */
	list[150].score = 60;
	ck_assert_uint_eq(place_of(&events, 50, TT_PLACE_WAITING), 49);
	list[150].score = 70;
	list[45].score = 30;
	ck_assert_uint_eq(place_of(&events, 50, TT_PLACE_WAITING), 44);
	/* the first ones of a batch are unlike others */
	events = usual_events(MOST_EVENTS);
	list[60].score = 70;
	ck_assert_uint_eq(place_of(&events, 50, TT_PLACE_WAITING), 49);
}
END_TEST

START_TEST(the_place_may_be_far_before_where_ordering_stops)
{
	struct tt_doubted_events events = usual_events(MOST_EVENTS);

	for (unsigned i = 0; i < MOST_EVENTS; i++)
		list[i].silent = true;
	list[70].score = 60;
	ck_assert_uint_eq(place_of(&events, 150, TT_PLACE_BEFORE), 69);
	ck_assert_uint_eq(place_of(&events, 150, TT_PLACE_ANYWHERE), 69);
	/* but not among the first ones */
	list[60].score = 70;
	ck_assert_uint_eq(place_of(&events, 150, TT_PLACE_BEFORE), 69);
	/* near it, it is among the last ones that change what ordering knows */
	for (unsigned i = 100; i < MOST_EVENTS; i++)
		list[i].silent = false;
	list[140].score = 10;
	list[110].score = 200;
	ck_assert_uint_eq(place_of(&events, 150, TT_PLACE_ORDERING), 139);
	for (unsigned i = 100; i < MOST_EVENTS; i += 2)
		list[i].silent = true;
	ck_assert_uint_eq(place_of(&events, 150, TT_PLACE_ORDERING), 139);
}
END_TEST

Suite *place_suite(void)
{
	Suite *s = suite_create("place");
	TCase *t = tcase_create("usual");

	tcase_add_test(t, an_event_like_the_others_is_usual);
	tcase_add_test(t, a_number_that_others_have_proves_an_event);
	tcase_add_test(t, an_event_proves_nothing_of_itself);
	suite_add_tcase(s, t);
	t = tcase_create("place");
	tcase_add_test(t, few_events_are_misread_before_decoding_stops);
	tcase_add_test(t, the_most_unusual_event_shows_the_place);
	tcase_add_test(t, events_that_are_in_order_speak_against_a_place_before_them);
	tcase_add_test(t, an_event_that_waits_may_wait_for_another_thread);
	tcase_add_test(t, the_place_may_be_far_before_where_ordering_stops);
	suite_add_tcase(s, t);
	return s;
}
