import { type Static, Type } from 'typebox';
import { contract, event, Id, op, PageOf, paging, Time } from '../../../src/platform/contract/contract.ts';
import { errors } from '../../../src/platform/contract/errors.ts';
import { TextLine } from '../../../src/platform/contract/schema/text.ts';

/** How many characters a name may have. */
const MAX_NAME = 200;

/** What the world sees of a widget. */
export const Widget = Type.Object(
  {
    widget_id: Id(),
    user_id: Id(),
    name: Type.String({ maxLength: MAX_NAME }),
    created_at: Time(),
    updated_at: Time(),
  },
  { title: 'Widget' },
);
export type Widget = Static<typeof Widget>;

export const CreateWidget = Type.Object({ name: TextLine(MAX_NAME) });
export type CreateWidget = Static<typeof CreateWidget>;

export const widgetEvents = {
  created: event('widget.created', 'a widget was made', Widget),
};

export const widgetErrors = errors('WIDGET', {
  NOT_FOUND: ['not_found', 'widget not found', 'Check the id; GET /widgets lists your own.'],
  EXISTS: ['conflict', 'this widget exists already', 'Read it with GET /widgets/{widget_id}.'],
});

export const widgetOps = {
  list: op('GET /widgets', {
    access: 'customer',
    summary: 'One’s own widgets, newest first; everybody’s for staff',
    input: Type.Object({ name: Type.Optional(TextLine(MAX_NAME, 'those of this name')), ...paging }),
    output: PageOf(Widget),
  }),
  get: op('GET /widgets/{widget_id}', {
    access: 'customer',
    summary: 'One widget',
    input: Type.Object({ widget_id: Id() }),
    output: Widget,
  }),
  create: op('POST /widgets', {
    access: 'customer',
    summary: 'Makes a widget',
    status: 201,
    idempotent: true,
    example: { name: 'First' },
    input: CreateWidget,
    output: Widget,
  }),
};

export const widgetContract = contract({
  name: 'widget',
  summary: 'Widgets.',
  port: 3999,
  topic: 'widgets',
  ops: widgetOps,
  events: widgetEvents,
  errors: widgetErrors,
});
