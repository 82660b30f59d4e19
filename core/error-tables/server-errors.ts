import { ASK_VENDOR, ASK_VENDOR_ZH, type ErrorEntry, entry, forged, mistake } from './entry.ts';

/** The license server's operation, and the vendor's. */
export const serverErrors = {
  not_initialized: entry(503, 2, false, [
    '{where} is not initialised',
    'Run: {command}',
    '{where} 尚未初始化',
    '请执行：{command}',
  ]),
  already_initialized: mistake(
    2,
    '{where} is initialised already; nothing was changed',
    'Use another folder, or keep what is there.',
    '{where} 已初始化，未做任何更改',
    '请使用其他目录，或保留现有内容。',
  ),
  issuer_certificate_missing: entry(503, 2, false, [
    'the vendor has not certified this server for company {cid}',
    'Send the application to the vendor and import the certificate: license-server import FILE.',
    '厂商尚未为企业 {cid} 认证本服务器',
    '请将申请文件发给厂商，并导入证书：license-server import FILE。',
  ]),
  issuer_certificate_expired: entry(503, 2, false, [
    "this server's issuer certificate for company {cid} has ended; it cannot issue",
    'Ask the vendor for a new certificate and import it.',
    '本服务器针对企业 {cid} 的签发证书已到期，无法签发',
    '请向厂商索取新证书并导入。',
  ]),
  signing_key_missing: entry(503, 1, true, [
    'the signing key {kid} of the certificate in force is not in the stateDir',
    'Copy server-key.pem and server-key.next.pem from the server on which license-server rotate-key ran.',
    'stateDir 中没有当前证书对应的签名密钥 {kid}',
    '请从执行 license-server rotate-key 的服务器复制 server-key.pem 与 server-key.next.pem。',
  ]),
  certificate_other_key: forged(
    'the certificate is for another server key or server id',
    'Import it on the server that made the application.',
    '该证书属于其他服务器',
    '请在生成申请的服务器上导入。',
  ),
  application_granted: mistake(
    2,
    'application {applicationId} was granted already, by grant {grantId}; nothing was signed',
    'Give --replaces {grantId} to replace that grant, or --again to sell the same once more.',
    '申请 {applicationId} 已由授权 {grantId} 批准，未签署任何内容',
    '如需替换该授权，请使用 --replaces {grantId}；如需再次出售相同内容，请使用 --again。',
  ),
  grant_other_server: forged(
    'grant {grantId} is for server {aud}, this is {serverId}',
    'Import it on the server it was made for.',
    '授权 {grantId} 属于服务器 {aud}，本服务器为 {serverId}',
    '请在对应的服务器上导入。',
  ),
  grant_replaces_unknown: mistake(
    2,
    'grant {grantId} replaces {replaces}, which was not imported or was replaced before',
    'Import the grants in the order in which they were made.',
    '授权 {grantId} 要替换的 {replaces} 未导入或已被替换',
    '请按签发顺序导入授权。',
  ),
  grant_below_used: mistake(
    2,
    'grant {grantId} would leave {granted} licenses of {id}, but {used} are used or allocated',
    'Ask the vendor for a grant of at least that many.',
    '授权 {grantId} 将使 {id} 只剩 {granted} 个，但已使用或分配 {used} 个',
    '请向厂商申请不少于该数量的授权。',
  ),
  grant_conflict: mistake(
    2,
    '{what} is known already with another content',
    ASK_VENDOR,
    '{what} 已存在且内容不同',
    ASK_VENDOR_ZH,
  ),
  clock_behind_audit: entry(503, 1, true, [
    "this server's clock ({now}) runs behind its own audit trail ({head}); it does not issue",
    'Set the clock right. If the trail is wrong, run: license-server clock accept.',
    '本服务器时钟（{now}）落后于审计记录（{head}），停止签发',
    '请校准时钟；若审计记录有误，请执行：license-server clock accept。',
  ]),
  audit_broken: entry(503, 1, false, [
    'the audit trail of company {cid} is broken at row {seq}; no report was made',
    'Somebody changed the store by hand: restore it from a backup, and tell the vendor.',
    '企业 {cid} 的审计链在第 {seq} 条断开，未生成报告',
    '数据库曾被人为修改：请从备份恢复，并告知厂商。',
  ]),
  report_inconsistent: entry(503, 1, false, [
    'company {cid}, PID {pid}, {owner}: {what} is {trail} by the audit trail and {tables} by the tables; no report was made',
    'Somebody changed the store by hand: restore it from a backup, and tell the vendor.',
    '企业 {cid}，PID {pid}，{owner}：{what}在审计记录中为 {trail}，在数据表中为 {tables}，未生成报告',
    '数据库曾被人为修改：请从备份恢复，并告知厂商。',
  ]),
  report_contradictory: forged(
    'usage report {reportId} contradicts itself: {problem}',
    'Do not bill by it; ask the customer to make it again with the program as it was published.',
    '用量报告 {reportId} 自相矛盾：{problem}',
    '请勿据此计费；请客户使用正式发布的程序重新生成。',
  ),
  report_not_as_sold: forged(
    'usage report {reportId}, company {cid}: {problem}',
    "Do not bill by it; if the grant is the vendor's, restore the ledger from a backup.",
    '用量报告 {reportId}，企业 {cid}：{problem}',
    '请勿据此计费；若该授权确由厂商签发，请从备份恢复签发账本。',
  ),
  report_discontinuous: forged(
    'usage report {reportId} does not continue the earlier one: {problem}',
    "Do not bill by it before the customer explained it: the server's store was restored or rewritten, or a report is missing.",
    '用量报告 {reportId} 与此前的报告不衔接：{problem}',
    '在客户作出解释之前请勿据此计费：服务器数据库曾被恢复或改写，或缺少中间的报告。',
  ),
} satisfies Record<string, ErrorEntry>;
