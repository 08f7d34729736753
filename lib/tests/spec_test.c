/* SPDX-License-Identifier: MIT */
/*
 * spec_test.c - the built-in specs against facts written down here once more, from
 * the format and not from specs/; the table they are kept in; adding to it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/spec.h"
#include "spec/types.h"
#include "tests/input.h"
#include "tests/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct tt_specs *specs;
static struct tt_error error;

static void setup(void)
{
	ck_assert_int_eq(tt_specs_new(&specs, &error), 0);
}

static void teardown(void)
{
	tt_specs_free(specs);
	specs = NULL;
}

static int add(const char *text)
{
	return tt_specs_add(specs, "test.spec", text, strlen(text), &error);
}

static void add_ok(const char *text)
{
	if (add(text) != 0)
		ck_abort_msg("%s", error.message);
}

/* ------------------------------------------------------------------- facts */

/*
 * Every event there is. Arguments as on the wire; stacks in the order in which
 * they are checked; needs: M, P, G a thread, proc, goroutine, lower case none of
 * it, "-" nothing, "" not said.
 */
static const struct fact {
	unsigned type;
	const char *name;
	unsigned since;
	const char *args, *stacks, *pair, *kind, *needs, *view;
} facts[] = {
	{1, "EventBatch", 22, "gen m time size", "", "", "Bad", "", ""},
	{2, "Stacks", 22, "", "", "", "Bad", "", ""},
	{3, "Stack", 22, "id nframes frames", "", "", "Bad", "", ""},
	{4, "Strings", 22, "", "", "", "Bad", "", ""},
	{5, "String", 22, "id data", "", "", "Bad", "", ""},
	{6, "CPUSamples", 22, "", "", "", "Bad", "", ""},
	{7, "CPUSample", 22, "time m p g stack", "stack", "", "StackSample", "", ""},
	{8, "Frequency", 22, "freq", "", "", "Bad", "", ""},
	{9, "ProcsChange", 22, "dt procs_value stack", "stack", "", "Metric", "MPG",
	 "name=/sched/gomaxprocs:threads args=procs_value"},
	{10, "ProcStart", 22, "dt p p_seq", "", "", "StateTransition", "Mp", "P(p) Idle->Running"},
	{11, "ProcStop", 22, "dt", "", "", "StateTransition", "MP", "P(self) Running->Idle"},
	{12, "ProcSteal", 22, "dt p p_seq m", "", "", "StateTransition", "M", "P(p) was->Idle"},
	{13, "ProcStatus", 22, "dt p pstatus", "", "", "StateTransition", "-", "P(p) was->pstatus"},
	{14, "GoCreate", 22, "dt new_g new_stack stack", "stack new_stack", "", "StateTransition",
	 "MP", "G(new_g) NotExist->Runnable stack=new_stack"},
	{15, "GoCreateSyscall", 22, "dt new_g", "", "", "StateTransition", "Mg",
	 "G(new_g) NotExist->Syscall"},
	{16, "GoStart", 22, "dt g g_seq", "", "", "StateTransition", "MPg",
	 "G(g) Runnable->Running"},
	{17, "GoDestroy", 22, "dt", "", "", "StateTransition", "MPG", "G(self) Running->NotExist"},
	{18, "GoDestroySyscall", 22, "dt", "", "", "StateTransition", "MG",
	 "G(self) Syscall->NotExist"},
	{19, "GoStop", 22, "dt reason_string stack", "stack", "", "StateTransition", "MPG",
	 "G(self) Running->Runnable reason=reason_string stack=stack"},
	{20, "GoBlock", 22, "dt reason_string stack", "stack", "", "StateTransition", "MPG",
	 "G(self) Running->Waiting reason=reason_string stack=stack"},
	{21, "GoUnblock", 22, "dt g g_seq stack", "stack", "", "StateTransition", "-",
	 "G(g) Waiting->Runnable"},
	{22, "GoSyscallBegin", 22, "dt p_seq stack", "stack", "", "StateTransition", "MPG",
	 "G(self) Running->Syscall stack=stack"},
	{23, "GoSyscallEnd", 22, "dt", "", "GoSyscallBegin", "StateTransition", "MPG",
	 "G(self) Syscall->Running"},
	{24, "GoSyscallEndBlocked", 22, "dt", "", "GoSyscallBegin", "StateTransition", "MG",
	 "G(self) Syscall->Runnable"},
	{25, "GoStatus", 22, "dt g m gstatus", "", "", "StateTransition", "-", "G(g) was->gstatus"},
	{26, "STWBegin", 22, "dt kind_string stack", "stack", "", "RangeBegin", "MPG",
	 "G(self) name=stop-the-world has-kind kind=kind_string"},
	{27, "STWEnd", 22, "dt", "", "STWBegin", "RangeEnd", "MPG",
	 "G(self) name=stop-the-world has-kind"},
	{28, "GCActive", 22, "dt gc_seq", "", "GCBegin", "RangeActive", "MPG",
	 "name=GC concurrent mark phase"},
	{29, "GCBegin", 22, "dt gc_seq stack", "stack", "", "RangeBegin", "MPG",
	 "name=GC concurrent mark phase"},
	{30, "GCEnd", 22, "dt gc_seq", "", "GCBegin", "RangeEnd", "MPG",
	 "name=GC concurrent mark phase"},
	{31, "GCSweepActive", 22, "dt p", "", "GCSweepBegin", "RangeActive", "-",
	 "P(p) name=GC incremental sweep"},
	{32, "GCSweepBegin", 22, "dt stack", "stack", "", "RangeBegin", "MP",
	 "P(self) name=GC incremental sweep"},
	{33, "GCSweepEnd", 22, "dt swept_value reclaimed_value", "", "GCSweepBegin", "RangeEnd",
	 "MP",
	 "P(self) name=GC incremental sweep bytes swept=swept_value "
	 "bytes reclaimed=reclaimed_value"},
	{34, "GCMarkAssistActive", 22, "dt g", "", "GCMarkAssistBegin", "RangeActive", "-",
	 "G(g) name=GC mark assist"},
	{35, "GCMarkAssistBegin", 22, "dt stack", "stack", "", "RangeBegin", "MPG",
	 "G(self) name=GC mark assist"},
	{36, "GCMarkAssistEnd", 22, "dt", "", "GCMarkAssistBegin", "RangeEnd", "MPG",
	 "G(self) name=GC mark assist"},
	{37, "HeapAlloc", 22, "dt heapalloc_value", "", "", "Metric", "MP",
	 "name=/memory/classes/heap/objects:bytes args=heapalloc_value"},
	{38, "HeapGoal", 22, "dt heapgoal_value", "", "", "Metric", "MP",
	 "name=/gc/heap/goal:bytes args=heapgoal_value"},
	{39, "GoLabel", 22, "dt label_string", "", "", "Label", "MPG", "args=label_string"},
	{40, "UserTaskBegin", 22, "dt task parent_task name_string stack", "stack", "", "TaskBegin",
	 "MPG", "args=task,parent_task,name_string"},
	{41, "UserTaskEnd", 22, "dt task stack", "stack", "", "TaskEnd", "MPG", "args=task"},
	{42, "UserRegionBegin", 22, "dt task name_string stack", "stack", "", "RegionBegin", "MPG",
	 "args=task,name_string"},
	{43, "UserRegionEnd", 22, "dt task name_string stack", "stack", "UserRegionBegin",
	 "RegionEnd", "MPG", "args=task,name_string"},
	{44, "UserLog", 22, "dt task key_string value_string stack", "stack", "", "Log", "MPG",
	 "args=task,key_string,value_string"},
	{45, "GoSwitch", 23, "dt g g_seq", "", "", "StateTransition", "MPG",
	 "G(g) Waiting->Runnable"},
	{46, "GoSwitchDestroy", 23, "dt g g_seq", "", "", "StateTransition", "MPG",
	 "G(g) Waiting->Runnable"},
	{47, "GoCreateBlocked", 23, "dt new_g new_stack stack", "stack new_stack", "",
	 "StateTransition", "MP", "G(new_g) NotExist->Waiting stack=new_stack"},
	{48, "GoStatusStack", 23, "dt g m gstatus stack", "stack", "", "StateTransition", "-",
	 "G(g) was->gstatus stack=stack"},
	{49, "ExperimentalBatch", 23, "exp gen m time data", "", "", "Bad", "", ""},
	{50, "Sync", 25, "", "", "", "Bad", "", ""},
	{51, "ClockSnapshot", 25, "dt mono sec nsec", "", "", "Bad", "", ""},
	{52, "EndOfGeneration", 26, "", "", "", "Bad", "", ""},
	{128, "Span", 23, "dt id npages_value kindclass", "", "", "Experimental", "M", ""},
	{129, "SpanAlloc", 23, "dt id npages_value kindclass", "", "", "Experimental", "M", ""},
	{130, "SpanFree", 23, "dt id", "", "", "Experimental", "M", ""},
	{131, "HeapObject", 23, "dt id type", "", "", "Experimental", "M", ""},
	{132, "HeapObjectAlloc", 23, "dt id type", "", "", "Experimental", "M", ""},
	{133, "HeapObjectFree", 23, "dt id", "", "", "Experimental", "M", ""},
	{134, "GoroutineStack", 23, "dt id order", "", "", "Experimental", "M", ""},
	{135, "GoroutineStackAlloc", 23, "dt id order", "", "", "Experimental", "M", ""},
	{136, "GoroutineStackFree", 23, "dt id", "", "", "Experimental", "M", ""},
};

/* A text that grows; tests read it whole. */
struct text {
	char data[512];
	size_t len;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->data + t->len, sizeof(t->data) - t->len, format, args);
	va_end(args);
	ck_assert_int_ge(n, 0);
	ck_assert_uint_lt(t->len + (size_t)n, sizeof(t->data));
	t->len += (size_t)n;
}

static const char *arg_name(const struct tt_event_def *def, int i)
{
	ck_assert_int_lt(i, def->spec.nargs);
	return i < 0 ? "" : def->spec.args[i].name;
}

static struct text args_text(const struct tt_event_spec *spec)
{
	struct text t = {.len = 0};
	int i;

	put(&t, "%s", spec->timed ? " dt" : "");
	for (i = 0; i < spec->nargs; i++)
		put(&t, " %s", spec->args[i].name);
	put(&t, "%s%s", spec->has_data ? " data" : "", spec->has_frames ? " frames" : "");
	return t;
}

static struct text needs_text(unsigned needs)
{
	static const struct {
		unsigned bit;
		char letter;
	} letters[] = {
		{TT_NEED_THREAD, 'M'},	  {TT_NEED_PROC, 'P'},	       {TT_NEED_NO_PROC, 'p'},
		{TT_NEED_GOROUTINE, 'G'}, {TT_NEED_NO_GOROUTINE, 'g'},
	};
	struct text t = {.len = 0};
	size_t i;

	for (i = 0; i < COUNT(letters); i++)
		if ((needs & letters[i].bit) != 0)
			put(&t, "%c", letters[i].letter);
	if (needs == TT_NEED_STATED)
		put(&t, "-");
	ck_assert(t.len == 0 || (needs & TT_NEED_STATED) != 0);
	return t;
}

static const char *state_text(const struct tt_event_def *def, unsigned state)
{
	static const char *const names[] = {"Undetermined", "NotExist", "Runnable", "Running",
					    "Waiting",	    "Syscall",	"Idle"};

	if (state == TT_STATE_FROM_ORDER)
		return "was";
	if (state == TT_STATE_FROM_ARG)
		return arg_name(def, def->view.to_arg);
	ck_assert_uint_lt(state, COUNT(names));
	return names[state];
}

static struct text view_text(const struct tt_event_def *def)
{
	const struct tt_event_view *v = &def->view;
	struct text t = {.len = 0};
	size_t i;

	if (v->resource != TT_RESOURCE_NONE)
		put(&t, " %c(%s)", v->resource == TT_RESOURCE_PROC ? 'P' : 'G',
		    v->id_arg < 0 ? "self" : arg_name(def, v->id_arg));
	if (def->spec.kind == TT_KIND_TRANSITION)
		put(&t, " %s->%s", state_text(def, v->from), state_text(def, v->to));
	if (v->reason_arg >= 0)
		put(&t, " reason=%s", arg_name(def, v->reason_arg));
	if (v->stack_arg >= 0)
		put(&t, " stack=%s", arg_name(def, v->stack_arg));
	if (v->name != NULL)
		put(&t, " name=%s", v->name);
	if (v->has_kind)
		put(&t, " has-kind");
	if (v->kind_arg >= 0)
		put(&t, " kind=%s", arg_name(def, v->kind_arg));
	for (i = 0; i < COUNT(v->args) && v->args[i] >= 0; i++)
		put(&t, "%s%s", i == 0 ? " args=" : ",", arg_name(def, v->args[i]));
	for (i = 0; i < v->nattributes; i++)
		put(&t, " %s=%s", v->attributes[i].name, arg_name(def, v->attributes[i].arg));
	return t;
}

static struct text tables_text(const struct tt_event_def *def, const int8_t *args, size_t n)
{
	struct text t = {.len = 0};
	size_t i;

	for (i = 0; i < n; i++)
		put(&t, " %s", arg_name(def, args[i]));
	return t;
}

/* The string arguments of a fact, from their names alone. */
static struct text strings_of(const char *args)
{
	struct text t = {.len = 0};
	const char *p = args, *end;

	for (; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		size_t n = strcspn(p, " ");

		end = p + n;
		if ((n == 6 && strncmp(p, "string", 6) == 0) ||
		    (n > 7 && strncmp(end - 7, "_string", 7) == 0))
			put(&t, " %.*s", (int)n, p);
	}
	return t;
}

#define FACT_EQ(fact, got, want)                                                                   \
	ck_assert_msg(strcmp(skip((got).data), want) == 0, "%s: '%s', not '%s'", (fact)->name,     \
		      (got).data, want)

static const char *skip(const char *text)
{
	return *text == ' ' ? text + 1 : text;
}

static void check_fact(const struct fact *f, const struct tt_event_def *def)
{
	const struct tt_event_spec *spec = &def->spec;
	bool experimental = strcmp(f->kind, "Experimental") == 0;
	struct text got, strings = strings_of(f->args);

	ck_assert_str_eq(spec->name, f->name);
	ck_assert_uint_eq(spec->type, f->type);
	ck_assert_uint_eq(spec->since, f->since);
	ck_assert_str_eq(tt_kind_name(spec->kind), f->kind);
	ck_assert_str_ne(spec->doc, "");
	ck_assert_str_eq(spec->experiment != NULL ? spec->experiment : "",
			 experimental ? "AllocFree" : "");
	ck_assert_uint_eq(spec->experiment_id, experimental ? 1 : 0);
	got = args_text(spec);
	FACT_EQ(f, got, f->args);
	got = tables_text(def, def->stack_args, def->nstacks);
	FACT_EQ(f, got, f->stacks);
	got = tables_text(def, def->string_args, def->nstrings);
	FACT_EQ(f, got, skip(strings.data));
	ck_assert_int_eq(spec->stack_arg, def->nstacks > 0 ? def->stack_args[0] : -1);
	got = needs_text(def->needs);
	FACT_EQ(f, got, f->needs);
	got = view_text(def);
	FACT_EQ(f, got, f->view);
	ck_assert_str_eq(def->pair != 0 ? tt_specs_event(specs, def->pair)->name : "", f->pair);
}

START_TEST(events_are_those_of_the_format)
{
	size_t i = 0;
	unsigned type;

	for (type = 0; type < 300; type++) {
		const struct tt_event_def *def = tt_specs_def(specs, type);

		if (i < COUNT(facts) && facts[i].type == type) {
			ck_assert_msg(def != NULL, "no event %u", type);
			check_fact(&facts[i++], def);
			ck_assert_ptr_eq(tt_specs_event(specs, type), &def->spec);
		} else {
			ck_assert_msg(def == NULL, "an event %u", type);
			ck_assert_ptr_null(tt_specs_event(specs, type));
		}
	}
	ck_assert_uint_eq(i, COUNT(facts));
}
END_TEST

START_TEST(arguments_have_the_type_of_their_suffix)
{
	static const struct {
		unsigned event;
		unsigned arg;
		enum tt_arg_type type;
	} cases[] = {
		{1, 0, TT_ARG_NUMBER},	{1, 1, TT_ARG_M},	 {3, 1, TT_ARG_NUMBER},
		{7, 2, TT_ARG_P},	{7, 3, TT_ARG_G},	 {7, 4, TT_ARG_STACK},
		{9, 0, TT_ARG_VALUE},	{10, 0, TT_ARG_P},	 {10, 1, TT_ARG_SEQ},
		{12, 2, TT_ARG_M},	{13, 1, TT_ARG_PSTATUS}, {14, 0, TT_ARG_G},
		{14, 1, TT_ARG_STACK},	{25, 2, TT_ARG_GSTATUS}, {19, 0, TT_ARG_STRING},
		{28, 0, TT_ARG_SEQ},	{40, 0, TT_ARG_TASK},	 {40, 1, TT_ARG_TASK},
		{51, 0, TT_ARG_NUMBER}, {128, 1, TT_ARG_VALUE},	 {131, 1, TT_ARG_NUMBER},
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, cases[i].event);

		ck_assert_msg(spec->args[cases[i].arg].type == cases[i].type, "%s: %s", spec->name,
			      spec->args[cases[i].arg].name);
	}
}
END_TEST

START_TEST(argument_types_and_kinds_have_names)
{
	static const char *const types[] = {"",	 "seq",	   "pstatus", "gstatus", "g",	"m",
					    "p", "string", "stack",   "value",	 "task"};
	static const char *const kinds[] = {
		"Bad",	       "Sync",	      "Metric",	  "Label",	     "StackSample",
		"RangeBegin",  "RangeActive", "RangeEnd", "TaskBegin",	     "TaskEnd",
		"RegionBegin", "RegionEnd",   "Log",	  "StateTransition", "Experimental",
	};
	size_t i;

	for (i = 0; i < COUNT(types); i++)
		ck_assert_str_eq(tt_arg_type_name((enum tt_arg_type)i), types[i]);
	ck_assert_str_eq(tt_arg_type_name((enum tt_arg_type)COUNT(types)), "");
	ck_assert_uint_eq(COUNT(kinds), TT_KIND_COUNT);
	for (i = 0; i < COUNT(kinds); i++)
		ck_assert_str_eq(tt_kind_name((enum tt_kind)i), kinds[i]);
}
END_TEST

/* ---------------------------------------------------------------- versions */

static const char pool[] = "experiment Pool 7\n"
			   "	doc A pool of connections.\n"
			   "event Get 137 since 1.26\n"
			   "	args dt conn\n"
			   "	needs thread\n"
			   "event Put 255 since 1.23\n"
			   "	args dt conn\n"
			   "	needs nothing\n";

static void check_sizes(void)
{
	ck_assert_uint_eq(tt_specs_ntypes(specs, 21), 0);
	ck_assert_uint_eq(tt_specs_ntypes(specs, 22), 45);
	ck_assert_uint_eq(tt_specs_ntypes(specs, 23), 50);
	ck_assert_uint_eq(tt_specs_ntypes(specs, 25), 52);
	ck_assert_uint_eq(tt_specs_ntypes(specs, 26), 137);
	ck_assert_uint_eq(tt_specs_ntypes(specs, 27), 137);
}

START_TEST(table_sizes_are_those_of_go)
{
	check_sizes();
	add_ok(pool);
	check_sizes();
}
END_TEST

START_TEST(names_are_invalid_where_a_version_lacks_the_event)
{
	static const struct {
		unsigned type, version;
		const char *name;
	} cases[] = {
		{0, 26, "Invalid(0)"},
		{16, 22, "GoStart"},
		{44, 22, "UserLog"},
		{45, 22, "Invalid(45)"},
		{45, 23, "GoSwitch"},
		{50, 23, "Invalid(50)"},
		{50, 25, "Sync"},
		{52, 25, "Invalid(52)"},
		{52, 26, "EndOfGeneration"},
		{53, 26, "Invalid(53)"},
		{128, 22, "Invalid(128)"},
		{128, 25, "Invalid(128)"},
		{128, 26, "Span"},
		{136, 26, "GoroutineStackFree"},
		{138, 26, "Invalid(138)"},
		{256, 26, "Invalid(256)"},
		{4000000000, 26, "Invalid(4000000000)"},
		/* of a spec that was added: always */
		{137, 22, "Get"},
		{137, 26, "Get"},
		{255, 22, "Put"},
	};
	char buf[TT_EVENT_NAME_SIZE];
	size_t i;

	add_ok(pool);
	for (i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(tt_specs_event_name(specs, cases[i].type, cases[i].version, buf),
				 cases[i].name);
}
END_TEST

/* ---------------------------------------------------------------- answers */

START_TEST(events_are_found_by_name)
{
	size_t i;

	for (i = 0; i < COUNT(facts); i++)
		ck_assert_ptr_eq(tt_specs_event_named(specs, facts[i].name),
				 tt_specs_event(specs, facts[i].type));
	ck_assert_ptr_null(tt_specs_event_named(specs, ""));
	ck_assert_ptr_null(tt_specs_event_named(specs, "gostart"));
	ck_assert_ptr_null(tt_specs_event_named(specs, "GoStar"));
	ck_assert_ptr_null(tt_specs_event_named(specs, "GoStartt"));
}
END_TEST

/* Some of each kind of name; the loop below has the rest. */
_Static_assert(TT_EV_EVENT_BATCH == 1 && TT_EV_CPU_SAMPLE == 7 && TT_EV_GO_START == 16 &&
		       TT_EV_STW_BEGIN == 26 && TT_EV_GC_MARK_ASSIST_ACTIVE == 34 &&
		       TT_EV_END_OF_GENERATION == 52 && TT_EV_GOROUTINE_STACK_FREE == 136,
	       "the format's numbers");

START_TEST(constants_are_the_types_of_built_in_events)
{
	ck_assert_uint_eq(TT_EXPERIMENT_ALLOC_FREE,
			  tt_specs_experiment_named(specs, "AllocFree")->id);
	for (size_t i = 0; i < COUNT(facts); i++) {
		ck_assert_str_eq(tt_builtin_event_names[facts[i].type], facts[i].name);
		ck_assert_ptr_eq(tt_specs_builtin(specs, facts[i].type),
				 tt_specs_def(specs, facts[i].type));
	}
}
END_TEST

START_TEST(built_in_events_are_found_where_a_spec_moved_them)
{
	add_ok("experiment AllocFree 9 replaces\n"
	       "event Span 140 since 1.26\n"
	       "	args dt\n"
	       "	needs thread\n");
	ck_assert_uint_eq(tt_specs_builtin(specs, TT_EV_SPAN)->spec.type, 140);
	ck_assert_ptr_null(tt_specs_builtin(specs, TT_EV_SPAN_ALLOC));
	ck_assert_uint_eq(tt_specs_builtin(specs, TT_EV_GO_START)->spec.type, TT_EV_GO_START);
}
END_TEST

START_TEST(experiments_come_in_the_order_of_their_ids)
{
	add_ok("experiment Last 255\n");
	add_ok(pool);
	ck_assert_str_eq(tt_specs_experiment(specs, 0)->name, "AllocFree");
	ck_assert_uint_eq(tt_specs_experiment(specs, 0)->id, 1);
	ck_assert_str_eq(tt_specs_experiment(specs, 1)->name, "Pool");
	ck_assert_str_eq(tt_specs_experiment(specs, 1)->doc, "A pool of connections.");
	ck_assert_str_eq(tt_specs_experiment(specs, 2)->name, "Last");
	ck_assert_str_eq(tt_specs_experiment(specs, 2)->doc, "");
	ck_assert_ptr_null(tt_specs_experiment(specs, 3));
	ck_assert_ptr_null(tt_specs_experiment(specs, SIZE_MAX));
	ck_assert_ptr_eq(tt_specs_experiment_id(specs, 7), tt_specs_experiment(specs, 1));
	ck_assert_ptr_null(tt_specs_experiment_id(specs, 0));
	ck_assert_ptr_null(tt_specs_experiment_id(specs, 2));
	ck_assert_ptr_null(tt_specs_experiment_id(specs, 256));
	ck_assert_ptr_eq(tt_specs_experiment_named(specs, "Last"), tt_specs_experiment(specs, 2));
	ck_assert_ptr_null(tt_specs_experiment_named(specs, "last"));
}
END_TEST

/* ------------------------------------------------------------------ adding */

START_TEST(added_events_stand_beside_the_built_in_ones)
{
	const struct tt_event_spec *get;

	add_ok(pool);
	get = tt_specs_event(specs, 137);
	ck_assert_str_eq(get->name, "Get");
	ck_assert_str_eq(get->doc, "");
	ck_assert_str_eq(get->experiment, "Pool");
	ck_assert_uint_eq(get->experiment_id, 7);
	ck_assert_uint_eq(get->since, 26);
	ck_assert_int_eq(get->kind, TT_KIND_EXPERIMENTAL);
	ck_assert_ptr_eq(tt_specs_event_named(specs, "Get"), get);
	ck_assert_uint_eq(tt_specs_def(specs, 137)->needs, TT_NEED_STATED | TT_NEED_THREAD);
	ck_assert_uint_eq(tt_specs_def(specs, 255)->needs, TT_NEED_STATED);
	ck_assert_ptr_nonnull(tt_specs_event_named(specs, "SpanAlloc"));
}
END_TEST

START_TEST(nothing_is_added_after_a_mistake)
{
	ck_assert_int_eq(add("experiment Pool 7\n"
			     "event Good 137 since 1.26\n"
			     "	args dt\n"
			     "	needs thread\n"
			     "event Bad 138 since 1.26\n"
			     "	nedds thread\n"),
			 -TT_E_SPEC);
	ck_assert_int_eq(error.code, TT_E_SPEC);
	ck_assert(error.system);
	ck_assert_str_eq(error.message,
			 "test.spec:6:2: unknown clause `nedds`; did you mean `needs`?");
	ck_assert_ptr_null(tt_specs_event(specs, 137));
	ck_assert_ptr_null(tt_specs_event_named(specs, "Good"));
	ck_assert_ptr_null(tt_specs_experiment_id(specs, 7));
	add_ok(pool);
}
END_TEST

START_TEST(a_text_need_not_live_on)
{
	char *text = strdup(pool);

	add_ok(text);
	memset(text, 'x', strlen(text));
	free(text);
	ck_assert_str_eq(tt_specs_event(specs, 255)->args[0].name, "conn");
}
END_TEST

START_TEST(an_experiment_that_replaces_takes_all_events_with_it)
{
	add_ok("experiment AllocFree 9 replaces\n"
	       "event HeapObjectAlloc 140 since 1.26\n"
	       "	args dt where\n"
	       "	needs thread\n"
	       "event Mine 128 since 1.26\n"
	       "	args dt\n"
	       "	needs thread\n");
	ck_assert_ptr_null(tt_specs_experiment_id(specs, 1));
	ck_assert_uint_eq(tt_specs_experiment_named(specs, "AllocFree")->id, 9);
	ck_assert_ptr_null(tt_specs_event(specs, 129));
	ck_assert_ptr_null(tt_specs_event(specs, 132));
	ck_assert_ptr_null(tt_specs_event_named(specs, "Span"));
	ck_assert_str_eq(tt_specs_event(specs, 128)->name, "Mine");
	ck_assert_uint_eq(tt_specs_event_named(specs, "HeapObjectAlloc")->type, 140);
	check_sizes();
}
END_TEST

START_TEST(an_experiment_may_replace_two)
{
	add_ok(pool);
	add_ok("experiment Pool 1 replaces\n");
	ck_assert_ptr_null(tt_specs_experiment_named(specs, "AllocFree"));
	ck_assert_ptr_null(tt_specs_experiment_id(specs, 7));
	ck_assert_ptr_null(tt_specs_event(specs, 255));
	ck_assert_ptr_null(tt_specs_event(specs, 128));
	ck_assert_ptr_null(tt_specs_experiment(specs, 1));
}
END_TEST

START_TEST(an_event_that_replaces_takes_name_and_type)
{
	add_ok("experiment Pool 7\n"
	       "event Span 130 since 1.26 replaces\n"
	       "	args dt x\n"
	       "	needs thread\n");
	ck_assert_str_eq(tt_specs_event(specs, 130)->experiment, "Pool");
	ck_assert_ptr_eq(tt_specs_event_named(specs, "Span"), tt_specs_event(specs, 130));
	ck_assert_ptr_null(tt_specs_event(specs, 128));
	ck_assert_ptr_null(tt_specs_event_named(specs, "SpanFree"));
	ck_assert_ptr_nonnull(tt_specs_event_named(specs, "SpanAlloc"));
}
END_TEST

START_TEST(a_replaced_pair_leaves_no_end_behind)
{
	add_ok("experiment Lock 7\n"
	       "event Take 140 since 1.26\n"
	       "	args dt\n"
	       "	needs thread, goroutine\n"
	       "	shows begin goroutine self \"lock\"\n"
	       "event Give 141 since 1.26\n"
	       "	args dt\n"
	       "	needs thread, goroutine\n"
	       "	pair Take\n"
	       "	shows end goroutine self \"lock\"\n");
	ck_assert_int_eq(add("experiment Other 8\n"
			     "event Else 140 since 1.26 replaces\n"
			     "	args dt\n"
			     "	needs thread\n"),
			 -TT_E_SPEC);
	ck_assert_str_eq(error.message, "test.spec:2:7: this replaces `Take`, which begins `Give`: "
					"replace both, or the experiment");
	add_ok("experiment Other 8\n"
	       "event Else 140 since 1.26 replaces\n"
	       "	args dt\n"
	       "	needs thread\n"
	       "event Give 142 since 1.26 replaces\n"
	       "	args dt\n"
	       "	needs thread\n");
	ck_assert_ptr_null(tt_specs_event(specs, 141));
}
END_TEST

/* ------------------------------------------------------------------- files */

static char path[TEMP_PATH_SIZE];

static void write_file(const char *text, size_t len)
{
	int fd = temp_file_new(path);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		ck_assert_int_gt(n, 0);
		text += n;
		len -= (size_t)n;
	}
	close(fd);
}

START_TEST(a_file_is_added_and_named_in_mistakes)
{
	char want[TEMP_PATH_SIZE + 100];
	int rc;

	write_file(pool, strlen(pool));
	rc = tt_specs_add_file(specs, path, &error);
	unlink(path);
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(tt_specs_event(specs, 137)->name, "Get");

	write_file("event", 5);
	rc = tt_specs_add_file(specs, path, &error);
	unlink(path);
	ck_assert_int_eq(rc, -TT_E_SPEC);
	snprintf(want, sizeof(want), "%s:1:6: expected the event's name", path);
	ck_assert_int_eq(strncmp(error.message, want, strlen(want)), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_io_error)
{
	ck_assert_int_eq(tt_specs_add_file(specs, "/nonexistent/x.spec", &error), -TT_E_IO);
	ck_assert_int_eq(error.system_errno, ENOENT);
	ck_assert_int_eq(tt_specs_add_file(specs, "/tmp", &error), -TT_E_IO);
	ck_assert_int_eq(error.system_errno, EISDIR);
}
END_TEST

START_TEST(a_file_too_large_for_a_spec_is_not_read)
{
	int rc;

	write_file("", 0);
	ck_assert_int_eq(truncate(path, (16 << 20) + 1), 0);
	rc = tt_specs_add_file(specs, path, &error);
	unlink(path);
	ck_assert_int_eq(rc, -TT_E_SPEC);
	ck_assert_ptr_nonnull(strstr(error.message, "larger than 16 MiB"));
}
END_TEST

/* Also one that the built-in ones would not let in. */
START_TEST(a_text_alone_has_its_own_events_only)
{
	static const char text[] = "experiment AllocFree 1\n"
				   "event HeapObject 131 since 1.23\nargs dt id\nneeds thread\n";
	struct tt_specs *alone;

	ck_assert_int_eq(tt_specs_new_standalone(&alone, "a.spec", text, sizeof(text) - 1, &error),
			 0);
	ck_assert_str_eq(tt_specs_event(alone, 131)->name, "HeapObject");
	ck_assert_str_eq(tt_specs_experiment(alone, 0)->name, "AllocFree");
	ck_assert_ptr_null(tt_specs_experiment(alone, 1));
	for (unsigned type = 0; type < 131; type++)
		ck_assert_ptr_null(tt_specs_event(alone, type));
	tt_specs_free(alone);
	ck_assert_int_eq(tt_specs_new_standalone(&alone, "b.spec", "event\n", 6, &error),
			 -TT_E_SPEC);
	ck_assert_ptr_null(alone);
	ck_assert_int_eq(strncmp(error.message, "b.spec:1:", 9), 0);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	tt_specs_free(NULL);
}
END_TEST

Suite *spec_suite(void)
{
	Suite *suite = suite_create("spec");
	TCase *tc = tcase_create("facts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, events_are_those_of_the_format);
	tcase_add_test(tc, arguments_have_the_type_of_their_suffix);
	tcase_add_test(tc, argument_types_and_kinds_have_names);
	tcase_add_test(tc, table_sizes_are_those_of_go);
	tcase_add_test(tc, names_are_invalid_where_a_version_lacks_the_event);
	suite_add_tcase(suite, tc);
	tc = tcase_create("table");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, events_are_found_by_name);
	tcase_add_test(tc, constants_are_the_types_of_built_in_events);
	tcase_add_test(tc, built_in_events_are_found_where_a_spec_moved_them);
	tcase_add_test(tc, experiments_come_in_the_order_of_their_ids);
	tcase_add_test(tc, added_events_stand_beside_the_built_in_ones);
	tcase_add_test(tc, nothing_is_added_after_a_mistake);
	tcase_add_test(tc, a_text_need_not_live_on);
	tcase_add_test(tc, an_experiment_that_replaces_takes_all_events_with_it);
	tcase_add_test(tc, an_experiment_may_replace_two);
	tcase_add_test(tc, an_event_that_replaces_takes_name_and_type);
	tcase_add_test(tc, a_replaced_pair_leaves_no_end_behind);
	tcase_add_test(tc, a_text_alone_has_its_own_events_only);
	suite_add_tcase(suite, tc);
	tc = tcase_create("files");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_is_added_and_named_in_mistakes);
	tcase_add_test(tc, a_file_that_cannot_be_read_is_an_io_error);
	tcase_add_test(tc, a_file_too_large_for_a_spec_is_not_read);
	tcase_add_test(tc, freeing_nothing_is_fine);
	suite_add_tcase(suite, tc);
	return suite;
}
