/* SPDX-License-Identifier: MIT */
/* means.c - the clause `means`: how a number is to be understood. Stands on base. */
#include "spec/parse.h"

#define BIT(type) (1u << (type))
#define NUMBERS (BIT(TT_ARG_NUMBER) | BIT(TT_ARG_VALUE))

/* Takes the form; one that is no word of ours is the name of a block, in *name. */
static const struct tt_spec_form *take_form(struct tt_spec_parser *p, const char **name)
{
	const struct tt_spec_word *word = tt_spec_peek(p);
	const struct tt_spec_form *form = NULL;

	*name = NULL;
	if (word != NULL && !word->quoted)
		form = tt_spec_find_form(word->text);
	if (form != NULL)
		p->next++;
	else
		*name = tt_spec_take_name(p, "what it means");
	return form;
}

/* Whether nothing says yet what the number means; a mistake if something does. */
static bool is_free_form(struct tt_spec_parser *p, const char *name, enum tt_form form,
			 const char *values, unsigned column)
{
	if (form == TT_FORM_PLAIN && values == NULL)
		return true;
	tt_spec_report(p, column, "contradiction",
		       "it is said already what `%s` means, %s: remove this line", name,
		       tt_spec_form_of_name(name) != TT_FORM_PLAIN ? "by the end of its name"
								   : "by an earlier `means`");
	return false;
}

void tt_spec_read_means(struct tt_spec_parser *p)
{
	struct tt_spec_event *event = p->event;
	unsigned column = tt_spec_here(p).column;
	int8_t arg = tt_spec_take_arg(p, NUMBERS);
	struct tt_spec_position name_at = tt_spec_here(p);
	const struct tt_spec_form *form;
	const char *name;

	if (arg < 0)
		return;
	form = take_form(p, &name);
	if ((form == NULL && name == NULL) || !tt_spec_done(p) ||
	    !is_free_form(p, event->def.spec.args[arg].name, event->def.spec.args[arg].form,
			  event->means[arg].values, column))
		return;
	if (form != NULL)
		event->def.spec.args[arg].form = form->form;
	event->means[arg].values = name;
	event->means[arg].at = name_at;
}

/* Whether a field may mean a number of some form; a mistake if not. NULL: a block's names. */
static bool fits(struct tt_spec_parser *p, const struct tt_field_spec *field,
		 const struct tt_spec_form *form, unsigned column)
{
	if ((BIT(field->type) & TT_SPEC_WHOLE_NUMBERS) == 0 ||
	    (field->meaning != TT_ARG_NUMBER && field->meaning != TT_ARG_VALUE))
		tt_spec_report(p, column, "wrong-type",
			       "expected a field that is a plain whole number, found `%s`",
			       field->name);
	else if (form != NULL && (BIT(field->type) & form->fields) == 0)
		tt_spec_report(p, column, "wrong-type",
			       "field `%s` cannot mean this: give it the type %s and remove this "
			       "line",
			       field->name, form->instead);
	else
		return true;
	return false;
}

void tt_spec_read_field_means(struct tt_spec_parser *p)
{
	struct tt_spec_position name_at;
	const struct tt_spec_form *form;
	struct tt_field_spec *field;
	unsigned column;
	const char *name;
	int at;

	p->usage = "`means FIELD FORM`";
	column = tt_spec_here(p).column;
	at = tt_spec_take_field(p, p->batch->spec.part ? "a field of this record"
						       : "a field of this batch");
	if (at < 0)
		return;
	field = &p->batch->spec.fields[at];
	name_at = tt_spec_here(p);
	form = take_form(p, &name);
	if ((form == NULL && name == NULL) || !tt_spec_done(p) || !fits(p, field, form, column) ||
	    !is_free_form(p, field->name, field->form, p->batch->fields[at].values, column))
		return;
	if (form != NULL)
		field->form = form->form;
	p->batch->fields[at].values = name;
	p->batch->fields[at].values_at = name_at;
}

void tt_spec_resolve_means(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	for (unsigned i = 0; i < event->def.spec.nargs; i++) {
		struct tt_arg_spec *arg = &event->def.spec.args[i];

		if (event->means[i].values != NULL)
			arg->values = tt_spec_resolve_values(p, event->means[i].values,
							     event->means[i].at, &arg->form);
	}
}
