import type { ErrorDetail } from '#core/errors.ts';
import type { Media } from '#core/evaluate.ts';
import type { AgentStatus, CheckAnswer } from './client/local-answers.ts';

/** May this device work now; or, where a medium is named, may it do that? */
export function checkAnswerOf(status: AgentStatus, media: Media | undefined): CheckAnswer {
  const { state, reason, until, fault } = status;
  const licensed = state === 'active' || state === 'grace';
  const capability =
    media === undefined ? { allowed: licensed, reason, because: state } : status.capabilities[media];
  return {
    allowed: capability.allowed,
    media: media ?? null,
    state,
    reason: capability.reason,
    because: capability.because,
    until,
    ...(fault !== undefined && { fault }),
    detail: detailOf(status, media),
  };
}

function detailOf({ faultDetail, sku }: AgentStatus, media: Media | undefined): ErrorDetail {
  if (faultDetail !== undefined) return faultDetail;
  return {
    ...(media !== undefined && { media }),
    ...(sku !== null && { period: sku.period, zone: sku.zone }),
  };
}
