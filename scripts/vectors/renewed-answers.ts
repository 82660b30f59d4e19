import { addValidity } from '#core/calendar.ts';
import { derivePid, deriveRenewId } from '#core/catalog.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import type { ErrorCode } from '#core/errors.ts';
import { accepted, bought, refused, renewable, tokenAnswer } from './answer-parts.ts';
import { forge } from './forgeries.ts';
import {
  DAY,
  idOf,
  keys,
  NOW,
  oneYear,
  otherAppId,
  purchase,
  renewal,
  sku,
  subject,
  token,
} from './parties.ts';
import type { VectorCase } from './vector-file.ts';

/** Answers with renewals: the rule max(at, old end) + validity, and all ways to bend it. */
export async function renewedAnswers(): Promise<VectorCase[]> {
  const start = NOW - 400 * DAY;
  const end = addValidity(start, oneYear);
  const renewedAt = (ats: readonly number[], expireTime: number): LicenseToken => ({
    ...token,
    activationTime: start,
    renewals: ats.map((at) => ({ termsId: renewal.termsId, at })),
    expireTime,
    exp: NOW + DAY,
  });
  const terms = [await bought(), await renewable()];
  const good = async (name: string, claims: LicenseToken) =>
    accepted(name, await tokenAnswer(claims, { terms }), 'token', claims);
  const bad = async (name: string, claims: LicenseToken, code: ErrorCode = 'terms_violated', lines = terms) =>
    refused(name, code, await tokenAnswer(claims, { terms: lines }));

  const late = renewedAt([NOW - DAY], addValidity(NOW - DAY, oneYear));
  const early = renewedAt([start + 10 * DAY], addValidity(end, oneYear));
  const seventeen = renewedAt(Array(17).fill(NOW), chain(end, 17));
  const header = { alg: 'EdDSA', typ: 'license-token+jwt', kid: keys.server.thumbprint };
  const otherPid = idOf('other pid');
  return [
    await good('renewed before the end: the old end counts', early),
    await good('renewed after the end: the renewal counts', late),
    await good(
      'renewed twice',
      renewedAt([start + DAY, NOW], addValidity(addValidity(end, oneYear), oneYear)),
    ),
    await good('renewed at iat', renewedAt([NOW], addValidity(NOW, oneYear))),
    await good('renewed 16 times', renewedAt(Array(16).fill(NOW), chain(end, 16))),
    await bad('renewed 17 times', token, 'document_malformed').then((vector) => ({
      ...vector,
      answer: { ...(vector['answer'] as object), document: forge(header, seventeen, keys.server) },
    })),
    await bad('renewal after iat', renewedAt([NOW + 1], addValidity(NOW + 1, oneYear))),
    await bad('renewal before activation', renewedAt([start - 1], addValidity(end, oneYear))),
    await bad(
      'renewals out of order',
      renewedAt([NOW, NOW - 1], addValidity(addValidity(NOW, oneYear), oneYear)),
    ),
    await bad('one renewal counted twice', { ...late, expireTime: addValidity(late.expireTime, oneYear) }),
    await bad('a renewal that the list does not name', { ...late, renewals: [] }),
    await bad('no line for the renewal', late, 'terms_missing', [await bought()]),
    await bad(
      'the purchase in the place of the renewal line',
      { ...late, renewals: [{ termsId: purchase.termsId, at: NOW - DAY }] },
      'terms_missing',
    ),
    await bad('renewal of another PID', late, 'terms_violated', [
      await bought(),
      await renewable({ pid: otherPid, renewId: deriveRenewId(otherPid, oneYear) }),
    ]),
    await bad('renewal for another App', late, 'terms_violated', [
      await bought(),
      await renewable({ appId: otherAppId }),
    ]),
    await bad('renewal of another company', late, 'terms_violated', [
      await bought(),
      await renewable({ cid: '999' }),
    ]),
    await bad('renewal line whose renewId is another', late, 'terms_inconsistent', [
      await bought(),
      await renewable({ renewId: idOf('other renewId') }),
    ]),
    ...(await renewingMinutes()),
  ];
}

/** The end of a license after `count` renewals at NOW. */
function chain(end: number, count: number): number {
  let expireTime = end;
  for (let i = 0; i < count; i++) expireTime = addValidity(Math.max(NOW, expireTime), oneYear);
  return expireTime;
}

async function renewingMinutes(): Promise<VectorCase[]> {
  const capped = { ...sku, minutes: 1000 };
  const cappedPid = derivePid(capped, oneYear, 'device');
  const input = { subject: { ...subject, pid: cappedPid } };
  const terms = [
    await bought({ sku: capped, pid: cappedPid }),
    await renewable({ pid: cappedPid, renewId: deriveRenewId(cappedPid, oneYear) }),
  ];
  const claims = (allowed: number): LicenseToken => ({
    ...token,
    pid: cappedPid,
    sku: capped,
    renewals: [{ termsId: renewal.termsId, at: NOW }],
    expireTime: addValidity(token.expireTime, oneYear),
    minutes: { allowed, own: 0, others: 0 },
  });
  return [
    accepted(
      'minutes of the SKU again for the renewal',
      await tokenAnswer(claims(2000), { terms }),
      'token',
      claims(2000),
      input,
    ),
    refused('more minutes than bought', 'terms_violated', await tokenAnswer(claims(2001), { terms }), input),
    refused(
      'unlimited minutes where they are capped',
      'terms_violated',
      await tokenAnswer(claims(0), { terms }),
      input,
    ),
  ];
}
