/**
 * Exit codes of the commands. 0 valid, 1 fault, 2 usage or configuration, 3 not licensed, 4 server out of reach,
 * 5 not authentic, 6 store damaged or unreadable as a file, 7 needs the daemon and it is down. Source: design,
 * Commands.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface ErrorEntry {
  /** HTTP status where an API answers with it. */
  readonly http: number;
  readonly exit: ExitCode;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  readonly en: string;
  readonly enRemedy: string;
  readonly zh: string;
  readonly zhRemedy: string;
}

type Texts = readonly [en: string, enRemedy: string, zh: string, zhRemedy: string];

const entry = (
  http: number,
  exit: ExitCode,
  retryable: boolean,
  [en, enRemedy, zh, zhRemedy]: Texts,
): ErrorEntry => ({
  http,
  exit,
  retryable,
  en,
  enRemedy,
  zh,
  zhRemedy,
});

/** A person or program asked for something that cannot be: 400. */
const mistake = (exit: ExitCode, ...texts: Texts) => entry(400, exit, false, texts);
/** Something is not authentic: 400 on the wire, exit 5. */
const forged = (...texts: Texts) => entry(400, 5, false, texts);
/** The server says no, for a reason of licensing: 400 in the OpenAPI, exit 3. */
const refused = (...texts: Texts) => entry(400, 3, false, texts);

const ASK_VENDOR = 'Ask the vendor for a file made for this purpose; do not edit it.';
const ASK_VENDOR_ZH = '请向厂商索取正确的文件，不要自行修改。';
const CONFIG = 'Correct the configuration file; docs/configuration.md lists every key.';
const CONFIG_ZH = '请修改配置文件；所有配置项见 docs/configuration.zh.md。';

/** Every error of the product, once: what programs key on, and what people read. */
export const errorTable = {
  // Signed documents
  document_malformed: forged(
    '{where} {problem}',
    'Use the file or answer as it was made, unchanged.',
    '{where} 格式不正确：{problem}',
    '请使用未经修改的原始文件或应答。',
  ),
  document_too_large: forged(
    '{where} is larger than {maxBytes} bytes',
    ASK_VENDOR,
    '{where} 超过 {maxBytes} 字节',
    ASK_VENDOR_ZH,
  ),
  document_wrong_type: forged(
    'expected {where}, signed with EdDSA; got typ {typ}, alg {alg}',
    'Check that the right file was given.',
    '应为 EdDSA 签名的 {where}，实际 typ 为 {typ}，alg 为 {alg}',
    '请确认所给文件是否正确。',
  ),
  signature_invalid: forged(
    'the signature of {where} does not match its content',
    ASK_VENDOR,
    '{where} 的签名与内容不符',
    ASK_VENDOR_ZH,
  ),
  issuer_untrusted: forged(
    '{where} is signed by a key that is not trusted here ({kid})',
    'Check that device, server and grant belong to the same vendor.',
    '{where} 的签名密钥（{kid}）不受信任',
    '请确认设备、服务器和授权文件属于同一厂商。',
  ),
  issuer_certificate_not_valid: forged(
    "the server's issuer certificate is not valid at the time of signing",
    'Import a current certificate from the vendor into the license server.',
    '签发时服务器的签发证书不在有效期内',
    '请在许可证服务器上导入厂商签发的新证书。',
  ),
  issuer_mismatch: forged(
    'the {where} is of {actual}, expected {expected}',
    'Enroll the device at the server that issues its licenses.',
    '{where} 属于 {actual}，应为 {expected}',
    '请让设备在为其签发许可证的服务器上登记。',
  ),
  issuer_serial_old: forged(
    'the issuer certificate has serial {serial}, a newer one ({highest}) was seen before',
    'Import the newest certificate into the license server.',
    '签发证书序号为 {serial}，此前已见过更新的 {highest}',
    '请在许可证服务器上导入最新证书。',
  ),
  answer_for_another_device: forged(
    'the answer is bound to the key of another device',
    'Activate this device itself; a license cannot be copied.',
    '应答绑定的是另一台设备的密钥',
    '请在本设备上激活；许可证不能复制。',
  ),
  answer_for_another_license: forged(
    'the answer is for another LicenseKey, App or PID',
    'Use the answer to the request that this device made.',
    '应答属于其他 LicenseKey、App 或 PID',
    '请使用本设备所发请求的应答。',
  ),
  answer_unexpected: forged(
    'the answer belongs to no request that this device is waiting for',
    'Make a new request.',
    '应答不对应本设备正在等待的任何请求',
    '请重新发起请求。',
  ),
  answer_stale: forged(
    'the answer is older than the license that is held',
    'Make a new request.',
    '应答早于当前持有的许可证',
    '请重新发起请求。',
  ),
  terms_missing: forged(
    "the vendor's terms {termsId} did not come with the license",
    'Update the license server.',
    '许可证缺少厂商条款 {termsId}',
    '请升级许可证服务器。',
  ),
  terms_inconsistent: forged(
    'the terms {termsId} carry a PID or renewId that does not follow from their parts',
    ASK_VENDOR,
    '条款 {termsId} 的 PID 或 renewId 与其内容不符',
    ASK_VENDOR_ZH,
  ),
  terms_violated: forged(
    'the license says more than the vendor sold: {problem}',
    'Tell the vendor; the license server is not working as it should.',
    '许可证超出厂商出售的范围：{problem}',
    '请联系厂商；许可证服务器工作异常。',
  ),
  grant_inconsistent: forged(
    'grant {grantId} contradicts itself: {problem}',
    ASK_VENDOR,
    '授权 {grantId} 自相矛盾：{problem}',
    ASK_VENDOR_ZH,
  ),
  vendor_roots_malformed: entry(400, 2, false, [
    'vendor roots file {where}: {problem}',
    "Install the roots file of the device maker's package again.",
    '厂商根文件 {where}：{problem}',
    '请重新安装设备厂商软件包中的根文件。',
  ]),
  enrollment_malformed: mistake(
    2,
    'enrollment file {where}: {problem}',
    'Make a new one on the license server: license-server enrollment create.',
    '登记文件 {where}：{problem}',
    '请在许可证服务器上重新生成：license-server enrollment create。',
  ),
  enrollment_other_root: forged(
    'enrollment file {where} names vendor root {named}, this device pins {pinned}',
    'Use an enrollment file of a server that this vendor certified.',
    '登记文件 {where} 指定的厂商根为 {named}，本设备固定为 {pinned}',
    '请使用该厂商认证的服务器生成的登记文件。',
  ),

  identity_malformed: mistake(
    2,
    'identity file {where}: {problem}',
    'Collect it again, as root: license-agent identity --collect.',
    '设备标识文件 {where}：{problem}',
    '请以 root 重新采集：license-agent identity --collect。',
  ),

  // Licensing: the server's no. The first group are also denial codes of the device protocol.
  released: refused(
    'the license was released by this device',
    'Activate again to resume it: license-agent activate.',
    '该许可证已被本设备释放',
    '如需恢复，请重新激活：license-agent activate。',
  ),
  transferred: refused(
    'the license was transferred to another LicenseKey',
    'Activate with another LicenseKey.',
    '该许可证已转移到其他 LicenseKey',
    '请使用其他 LicenseKey 激活。',
  ),
  different_device: refused(
    'the license is in use on a different device',
    'Use it on that device; this one needs a LicenseKey and a license of its own.',
    '该许可证正在另一台设备上使用',
    '请在该设备上使用；本设备需要自己的 LicenseKey 与许可证。',
  ),
  suspended: refused(
    'the license is suspended',
    'Ask the operator of the license server why; it goes on once it is resumed there.',
    '该许可证已被暂停',
    '请向许可证服务器管理员了解原因；恢复后即可继续使用。',
  ),
  quota_exhausted: refused(
    'no license of PID {pid} is left for this App',
    'Buy more from the vendor: license-server apply, then import the grant.',
    'PID {pid} 没有可供该 App 使用的 License 额度',
    '请向厂商购买更多 License：license-server apply，然后导入授权。',
  ),
  not_preauthorized: refused(
    'the LicenseKey is not preauthorized for this App',
    'Ask the operator of the license server: the App takes only LicenseKeys that were preauthorized.',
    '该 LicenseKey 未预授权',
    '请联系许可证服务器管理员：该 App 只接受已预授权的 LicenseKey。',
  ),
  unknown_pid: refused(
    'PID {pid} was not granted to this company',
    'Check the PID; license-server quota lists those granted.',
    'PID {pid} 未授权给该企业',
    '请检查 PID；license-server quota 列出已授权的 PID。',
  ),
  unknown_license: refused(
    'there is no such license',
    'Activate the LicenseKey first.',
    'License 不存在',
    '请先激活该 LicenseKey。',
  ),
  license_expired: refused(
    'the license expired',
    "Renew it with the vendor's renewal licenses.",
    'License 已过期',
    '请使用厂商的续期 License 为其续期。',
  ),
  enrollment_exhausted: refused(
    'the enrollment has used up its activations',
    'Make another enrollment file on the license server: license-server enrollment create.',
    '该登记文件的激活次数已用完',
    '请在许可证服务器上生成新的登记文件：license-server enrollment create。',
  ),
  rebind_limit: refused(
    'the license was bound to new device keys too often this year',
    'It is possible again a year after the first of them. Keep the stateDir, which holds the device key.',
    '该许可证今年换绑设备密钥的次数过多',
    '自首次换绑起满一年后可再次换绑。请保留存放设备密钥的 stateDir。',
  ),
  takeover_limit: refused(
    'the account was taken over by other devices too often today',
    'Try again tomorrow.',
    '该账号今天切换设备次数过多',
    '请明天再试。',
  ),
  renewal_refused: refused(
    'renewal asked for by the device is not enabled for this App',
    'Ask the operator of the license server to renew it there.',
    '该 App 未允许设备自行续期',
    '请联系许可证服务器管理员续期。',
  ),
  transfer_refused: refused(
    'the license cannot be transferred',
    'Activate the other LicenseKey with a license of its own.',
    '该许可证不能转移',
    '请为另一个 LicenseKey 激活自己的许可证。',
  ),
  unlicensed: refused(
    'this device holds no license',
    'Enroll and activate it: license-agent enroll FILE, license-agent activate.',
    '本设备没有许可证',
    '请先登记并激活：license-agent enroll FILE，license-agent activate。',
  ),
  expired: refused(
    'the license can no longer be used offline, or it ended',
    'Connect the device to its license server, or renew the license.',
    '许可证已过期或离线时间过长',
    '请连接许可证服务器刷新，或为许可证续期。',
  ),
  media_not_licensed: refused(
    'the license does not cover {media}',
    'Activate a license whose SKU covers it.',
    '该许可证不包含 {media} 能力',
    '请激活包含该能力的许可证。',
  ),
  outside_period: refused(
    'the license may not be used at this time of day ({period} {zone})',
    'Try again within the period.',
    '当前不在许可证的使用时间段内（{period} {zone}）',
    '请在使用时间段内重试。',
  ),
  minutes_exceeded: refused(
    'the minutes of the license are used up',
    "Renew it with the vendor's renewal licenses.",
    '许可证的分钟数已用完',
    '请使用厂商的续期 License 为其续期。',
  ),

  // Input of people and programs
  license_key_invalid: mistake(
    2,
    'licenseKey must be 1–128 bytes of printable text without surrounding space',
    'Correct the LicenseKey.',
    'licenseKey 必须为 1–128 字节的可打印字符，首尾不能有空格',
    '请修改 LicenseKey。',
  ),
  license_key_underivable: mistake(
    2,
    'this machine has nothing to derive a LicenseKey from by strategy "{strategy}"',
    'Choose another licenseKey strategy in the configuration, for example "machine" or "file".',
    '本机没有策略“{strategy}”所需的标识，无法生成 LicenseKey',
    '请在配置中选择其他策略，例如 "machine" 或 "file"。',
  ),
  parameter_missing: mistake(
    2,
    'parameter {name} is missing',
    'Send it.',
    '缺少参数 {name}',
    '请补充该参数。',
  ),
  parameter_invalid: mistake(
    2,
    'parameter {name}: {problem}',
    'Correct it.',
    '参数 {name} 错误：{problem}',
    '请修改该参数。',
  ),
  unknown_app: mistake(
    2,
    'App {appId} is unknown',
    'Check the App ID and the credentials.',
    'App {appId} 不存在',
    '请检查 App ID 与凭证。',
  ),
  unknown_company: mistake(
    2,
    'company {cid} has no grant on this server',
    'Check the CID; license-server quota lists the companies.',
    '本服务器上没有企业 {cid} 的授权',
    '请检查 CID；license-server quota 列出各企业。',
  ),
  unknown_enrollment: mistake(
    2,
    'there is no enrollment {id}',
    'Check the ID: license-server enrollment list.',
    '登记 {id} 不存在',
    '请检查 ID：license-server enrollment list。',
  ),
  unknown_credential: mistake(
    2,
    'there are no credentials {customerId} in force',
    'Check the customerId: license-server credentials list.',
    '有效凭证 {customerId} 不存在',
    '请检查 customerId：license-server credentials list。',
  ),
  authority_malformed: mistake(
    2,
    'authority file {file}: {problem}',
    "Give the PEM file of the certificate authority that signed the proxy's certificate.",
    '颁发机构文件 {file}：{problem}',
    '请提供为代理证书签名的颁发机构的 PEM 文件。',
  ),
  usage: mistake(2, '{problem}', 'See --help.', '{problem}', '请查看 --help。'),
  unauthorized: entry(401, 5, false, [
    'the credentials are missing or wrong',
    'Send customerId and customerSecret by HTTP Basic authentication.',
    '凭证缺失或错误',
    '请使用 HTTP Basic 认证发送 customerId 与 customerSecret。',
  ]),
  not_found: entry(404, 2, false, [
    'there is nothing at {path}',
    'Check the path.',
    '路径 {path} 不存在',
    '请检查路径。',
  ]),
  method_not_allowed: entry(405, 2, false, [
    '{path} does not answer {method}',
    'Use the documented method.',
    '{path} 不支持 {method} 方法',
    '请使用文档中的方法。',
  ]),
  payload_too_large: entry(413, 2, false, [
    'the body is larger than {maxBytes} bytes',
    'Send less at once.',
    '请求体超过 {maxBytes} 字节',
    '请减小请求体。',
  ]),
  unsupported_media_type: entry(415, 2, false, [
    'the content type {contentType} is not served here',
    'Use the documented content type.',
    '不支持的内容类型 {contentType}',
    '请使用文档中的内容类型。',
  ]),
  rate_limited: entry(429, 1, true, [
    'too many requests',
    'Try again after {retryAfterSeconds} s.',
    '请求过于频繁',
    '请在 {retryAfterSeconds} 秒后重试。',
  ]),
  internal: entry(500, 1, true, [
    'something went wrong inside',
    'See the log of the program; report it with the requestId.',
    '内部错误',
    '请查看程序日志，并携带 requestId 反馈。',
  ]),

  // The license server's operation
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

  // Reaching the server, and the daemon
  server_unreachable: entry(503, 4, true, [
    'no license server answered: {problem}',
    'Check network, address and certificate of the server; the license held stays valid.',
    '无法连接许可证服务器：{problem}',
    '请检查网络、服务器地址和证书；当前许可证继续有效。',
  ]),
  server_answer_unusable: entry(503, 4, true, [
    'the license server answered with something else than a license: {problem}',
    'Look for a proxy or portal in between; the license held stays valid.',
    '许可证服务器的应答无法使用：{problem}',
    '请检查是否有代理或认证门户；当前许可证继续有效。',
  ]),
  enrollment_rejected: entry(401, 3, false, [
    'the license server does not know this device, and its enrollment is not (or no longer) valid',
    'Make a new enrollment file on the license server: license-server enrollment create.',
    '许可证服务器不认识本设备，且登记文件无效或已失效',
    '请在许可证服务器上生成新的登记文件：license-server enrollment create。',
  ]),
  not_enrolled: mistake(
    2,
    'this device is not enrolled',
    'Run: license-agent enroll FILE.',
    '本设备尚未登记',
    '请执行：license-agent enroll FILE。',
  ),
  daemon_down: entry(503, 7, true, [
    'this needs the daemon, which does not answer at {socket}',
    'Start it: license-agent run.',
    '此操作需要守护进程，但 {socket} 没有响应',
    '请启动守护进程：license-agent run。',
  ]),
  daemon_running: mistake(
    2,
    'a daemon answers at {socket} already',
    'Stop it first, or choose another stateDir and runtimeDir.',
    '{socket} 上已有守护进程在运行',
    '请先停止它，或使用其他 stateDir 与 runtimeDir。',
  ),

  // Files and configuration
  config_unreadable: mistake(
    2,
    'configuration {file} cannot be read: {problem}',
    CONFIG,
    '无法读取配置 {file}：{problem}',
    CONFIG_ZH,
  ),
  config_malformed: mistake(
    2,
    'configuration {file}: {problem}',
    CONFIG,
    '配置 {file} 格式错误：{problem}',
    CONFIG_ZH,
  ),
  config_unknown_key: mistake(
    2,
    'configuration {file}: unknown key "{key}"{hint}',
    CONFIG,
    '配置 {file} 中有未知的配置项“{key}”{hint}',
    CONFIG_ZH,
  ),
  config_invalid: mistake(
    2,
    'configuration {file}: {key} {problem}',
    CONFIG,
    '配置 {file} 的 {key} 错误：{problem}',
    CONFIG_ZH,
  ),
  file_unreadable: mistake(
    2,
    '{file} cannot be read: {problem}',
    'Check that it exists and may be read.',
    '无法读取 {file}：{problem}',
    '请检查文件是否存在以及读取权限。',
  ),
  file_unwritable: mistake(
    1,
    '{file} cannot be written: {problem}',
    'Check permissions and free space.',
    '无法写入 {file}：{problem}',
    '请检查权限与剩余空间。',
  ),
  file_exists: mistake(
    2,
    '{file} exists already; nothing was changed',
    'Give another name.',
    '{file} 已存在，未做任何更改',
    '请使用其他文件名。',
  ),
  key_file_permissions: mistake(
    2,
    'key file {file} may be read by others (mode {mode}); it is not used',
    'Run: chmod 600 {file}',
    '密钥文件 {file} 可被其他用户读取（权限 {mode}），拒绝使用',
    '请执行：chmod 600 {file}',
  ),
  key_malformed: mistake(
    2,
    'this is not an Ed25519 key',
    'Restore the key file from a backup.',
    '不是有效的 Ed25519 密钥',
    '请从备份恢复密钥文件。',
  ),
  passphrase_wrong: mistake(
    2,
    'the passphrase does not open the key',
    'Try again. If it is right for sure, the key file was altered: restore it from a backup.',
    '口令错误，无法打开密钥',
    '请重试。如确认口令无误，则密钥文件已被改动，请从备份恢复。',
  ),
  passphrase_missing: mistake(
    2,
    'no passphrase was given',
    'Give --passphrase-file FILE, or run in a terminal to be asked.',
    '未提供口令',
    '请使用 --passphrase-file FILE，或在终端中运行后输入。',
  ),
  passphrase_too_short: mistake(
    2,
    'the passphrase has fewer than {minimum} characters',
    'Choose a longer one; it guards the right to sign for every customer.',
    '口令少于 {minimum} 个字符',
    '请使用更长的口令；它保护着面向所有客户的签发权。',
  ),
  passphrases_differ: mistake(
    2,
    'the two passphrases are not the same',
    'Type the same passphrase twice.',
    '两次输入的口令不一致',
    '请两次输入相同的口令。',
  ),
  key_file_damaged: mistake(
    2,
    'key file {file} {problem}',
    'Restore the key file from a backup.',
    '密钥文件 {file} 已损坏：{problem}',
    '请从备份恢复密钥文件。',
  ),
  ledger_damaged: entry(503, 6, false, [
    'ledger {file}, line {line}: {problem}; nothing is signed on it',
    'Restore it from a backup: serials and vids follow from it.',
    '签发账本 {file} 第 {line} 行：{problem}；停止签发',
    '请从备份恢复；证书序号与 vid 均由账本得出。',
  ]),
  not_confirmed: mistake(
    2,
    'not confirmed; nothing was signed',
    'Run it again and answer y, or give --yes.',
    '未确认，未签署任何内容',
    '请重新执行并回答 y，或使用 --yes。',
  ),
  store_damaged: entry(503, 6, false, [
    'store {file} is damaged: {problem}',
    'Restore it from a backup; an agent activates again by itself.',
    '数据库 {file} 已损坏：{problem}',
    '请从备份恢复；agent 会自行重新激活。',
  ]),
  store_newer: mistake(
    2,
    'store {file} was written by a newer version (schema {found}, this program knows {known}); it was not touched',
    'Install that version or a newer one.',
    '数据库 {file} 由更新的版本写入（结构 {found}，本程序支持 {known}），未做任何更改',
    '请安装该版本或更新的版本。',
  ),
  store_full: entry(503, 1, true, [
    'the disk is full; nothing was changed',
    'Free some space.',
    '磁盘已满，未做任何更改',
    '请释放磁盘空间。',
  ]),
  store_unwritable: entry(503, 1, true, [
    'store {file} cannot be written: {problem}',
    'Check permissions and whether the disk is mounted read-only.',
    '数据库 {file} 无法写入：{problem}',
    '请检查权限以及磁盘是否以只读方式挂载。',
  ]),
  store_unreadable: mistake(
    7,
    'store {file} may not be read by this user, and the daemon is down',
    'Start the daemon, or run as its user.',
    '当前用户无权读取数据库 {file}，且守护进程未运行',
    '请启动守护进程，或使用其用户运行。',
  ),
  store_busy: entry(503, 1, true, [
    'store {file} is in use by another program',
    'Try again shortly.',
    '数据库 {file} 正被其他程序使用',
    '请稍后重试。',
  ]),
  port_in_use: mistake(
    2,
    'port {port} on {host} is in use by another program',
    'Choose another port, or stop that program.',
    '{host} 的端口 {port} 已被占用',
    '请更换端口，或停止占用该端口的程序。',
  ),
  listen_failed: mistake(
    2,
    'cannot listen on {where}: {problem}',
    'Choose another address or port in the configuration.',
    '无法监听 {where}：{problem}',
    '请在配置中更换地址或端口。',
  ),
} satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
