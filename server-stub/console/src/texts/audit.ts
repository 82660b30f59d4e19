/** What the page of the audit trail says. */
export const audit = {
  en: {
    action: 'Action',
    actor: 'By',
    subject: 'Subject',
    row: 'Row',
    actionHint: 'Action, from its beginning: license.',
    actorHint: 'Who, from the beginning: user:',
    subjectHint: 'License, App, user …, whole',
    verify: 'Verify the chain',
    verifyWhy:
      'Every row holds the hash of the one before it. The check recomputes all of them; you may leave meanwhile.',
    checking: '{{rows}} of {{of}} rows are right so far',
    intact: 'The chain is intact: {{rows}} rows, checked {{time}}.',
    broken:
      'The chain is broken: row {{row}} does not follow from the one before it. Somebody changed the store.',
    lookingOn: 'Looking on …',
  },
  zh: {
    action: '操作',
    actor: '操作者',
    subject: '对象',
    row: '记录',
    actionHint: '操作，按开头匹配：license.',
    actorHint: '操作者，按开头匹配：user:',
    subjectHint: '许可证、App、用户等，完整匹配',
    verify: '校验审计链',
    verifyWhy: '每条记录都包含前一条的散列值。校验会重新计算全部散列；期间可以离开本页。',
    checking: '已校验 {{rows}} / {{of}} 条',
    intact: '审计链完整：共 {{rows}} 条，校验于 {{time}}。',
    broken: '审计链断开：记录 {{row}} 与前一条不相连，数据曾被改动。',
    lookingOn: '继续查找 …',
  },
} as const;
