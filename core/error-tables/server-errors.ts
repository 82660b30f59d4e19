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
} satisfies Record<string, ErrorEntry>;
