import type { Language } from '#core/errors.ts';
import type { State } from '#core/evaluate.ts';

/** The states, as people read them. */
export const stateNames: Readonly<Record<State, Readonly<Record<Language, string>>>> = {
  unlicensed: { en: 'unlicensed', zh: '未授权' },
  active: { en: 'active', zh: '有效' },
  grace: { en: 'grace', zh: '宽限期' },
  expired: { en: 'expired', zh: '已过期' },
  suspended: { en: 'suspended', zh: '已暂停' },
  released: { en: 'released', zh: '已释放' },
  transferred: { en: 'transferred', zh: '已转移' },
  different_device: { en: 'different device', zh: '设备不符' },
  invalid: { en: 'invalid', zh: '无效' },
};
