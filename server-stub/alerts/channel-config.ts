import * as Type from 'typebox';
import { Cid } from '#core/shapes.ts';
import { ALERT_TYPES } from './alert-event.ts';

const MAX_TEXT = 2048;
const Text = (description: string) =>
  Type.Optional(Type.String({ description, minLength: 1, maxLength: MAX_TEXT }));

/** One item of `alertChannels`: somebody who is told. What a kind needs beyond this is looked at when it is opened. */
export const AlertChannelConfig = Type.Object({
  name: Type.String({
    description: 'Name of the channel, in `license-server alerts` and the log; each once.',
    pattern: '^[A-Za-z0-9_-]{1,32}$',
  }),
  kind: Type.Enum(['webhook', 'email', 'wecom', 'dingtalk', 'feishu'], {
    description:
      'webhook: signed JSON for a program (Standard Webhooks). email, and the group robots of WeCom, DingTalk and Feishu: messages for people.',
  }),
  events: Type.Array(Type.Enum([...ALERT_TYPES]), {
    description: `Events it is told of; empty: all. ${ALERT_TYPES.join(', ')}.`,
    default: [],
    maxItems: ALERT_TYPES.length,
  }),
  cid: Type.Optional(
    Type.String({ ...Cid, description: 'Only events of this company; not set: of all companies.' }),
  ),
  language: Type.Enum(['zh', 'en'], { description: 'Language of messages for people.', default: 'zh' }),
  url: Text(
    'Where to send: `https://…`; for email `smtps://user@host:465` or `smtp://user@host:587` (STARTTLS).',
  ),
  urlFile: Text('File (0600) that holds the URL instead: the address of a robot is itself a secret.'),
  secret: Text(
    'webhook: signing secret `whsec_…` (base64 of 24 to 64 bytes), required; while it is being changed, old and new separated by a space. dingtalk, feishu: signing secret where the robot has one. email: password of the SMTP user.',
  ),
  secretFile: Text('File (0600) that holds the secret instead.'),
  caFile: Text('PEM file of certificate authorities to trust instead of those of the machine.'),
  allowInsecure: Type.Boolean({
    description: 'Allow http:// or mail without TLS to other hosts than this one.',
    default: false,
  }),
  from: Text('email: address of the sender.'),
  to: Type.Optional(
    Type.Array(Type.String({ minLength: 3, maxLength: 320 }), {
      description: 'email: addresses of the recipients.',
      minItems: 1,
      maxItems: 50,
    }),
  ),
});
export type AlertChannelConfig = Type.Static<typeof AlertChannelConfig>;
