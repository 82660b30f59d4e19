import { ASK_VENDOR, ASK_VENDOR_ZH, type ErrorEntry, entry, forged, mistake } from './entry.ts';

/** Documents that are not authentic, not well made or not for us. */
export const documentErrors = {
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
  vendor_roots_other: forged(
    '{where} names vendor root {named}, to which {known}, the root of this server, does not lead',
    'Use the roots file of the vendor that certified this server.',
    '{where} 中的厂商根密钥为 {named}，无法由本服务器的根密钥 {known} 更替而来',
    '请使用认证本服务器的厂商提供的根文件。',
  ),
  root_successions_spent: forged(
    'the root was replaced {most} times, which is as often as devices follow',
    'Make a new vendor folder, and give device makers its roots file.',
    '根密钥已更替 {most} 次，达到设备可跟随的上限',
    '请新建厂商目录，并将其根文件交给设备厂商。',
  ),
  root_succeeded: forged(
    'the signature is by a root key ({kid}) that the vendor has replaced',
    "On the license server, import the vendor's new vendor-roots.json and the new certificate.",
    '签名所用的厂商根密钥（{kid}）已被替换',
    '请在许可证服务器上导入厂商新的 vendor-roots.json 和新的签发证书。',
  ),
  root_succession_invalid: forged(
    'the succession to version {version} of the vendor root does not hold: {problem}',
    ASK_VENDOR,
    '厂商根密钥第 {version} 版的更替无效：{problem}',
    ASK_VENDOR_ZH,
  ),
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
  proof_mismatch: forged(
    'the proof is not the answer to this nonce by the device of this token',
    'Ask again with a new nonce; where it stays so, another program answers in the place of the agent.',
    '证明与本次 nonce 或该令牌的设备不符',
    '请使用新的 nonce 重试；若仍如此，应答者可能不是本机的代理。',
  ),
} satisfies Record<string, ErrorEntry>;
