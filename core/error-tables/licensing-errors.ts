import { type ErrorEntry, refused } from './entry.ts';

/** The server's no, for a reason of licensing; the first group are also denial codes of the device protocol. */
export const licensingErrors = {
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
} satisfies Record<string, ErrorEntry>;
