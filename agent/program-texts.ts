import type { Language } from '#core/errors.ts';

/** What the command line says of itself. */
export const programTexts = {
  en: {
    program: 'Keeps the license of this device, and answers whether audio and video may be used.',
    run: 'run the daemon in the foreground',
    enroll: 'enroll this device with a file of its license server',
    activate: 'ask the server for a license',
    refresh: 'fetch a newer license token now',
    status: 'show the license of this device',
    check: 'exit 0 where this device is licensed',
    identity: 'show what this machine is recognised by',
    config: 'configuration file, TOML',
    enrollmentFile: 'enrollment file of the license server',
    socket: 'socket of the daemon',
    media: 'ask about one medium: audio | video',
    collect: 'write it to the identity file, as a privileged step before the daemon',
  },
  zh: {
    program: '保管本设备的许可证，并回答是否可以使用音频与视频。',
    run: '在前台运行守护进程',
    enroll: '使用许可证服务器的登记文件登记本设备',
    activate: '向服务器申请许可证',
    refresh: '立即获取新的许可证令牌',
    status: '显示本设备的许可证',
    check: '本设备有许可证时退出码为 0',
    identity: '显示本机的识别依据',
    config: '配置文件（TOML）',
    enrollmentFile: '许可证服务器的登记文件',
    socket: '守护进程的套接字',
    media: '查询一种媒体：audio | video',
    collect: '写入设备标识文件；在守护进程启动前以特权执行',
  },
} satisfies Record<Language, Record<string, string>>;
