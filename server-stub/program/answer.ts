import type { AnswerOptions } from '../commands/answer.ts';
import type { Setting } from './setting.ts';

/** `license-server answer FILE…`. */
export function addAnswer({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  program
    .command('answer')
    .description(texts.about)
    .argument('<FILE...>', texts.files)
    .option('--out <FOLDER>', texts.out)
    .option('--force', texts.force)
    .action(
      run(async (context, files: string[], options: AnswerOptions) =>
        (await import('../commands/answer.ts')).answerFiles(context, files, options),
      ),
    );
}

const TEXTS = {
  en: {
    about: 'answer request files of devices without a network; each NAME.json gets its NAME.answer.json',
    files: 'request files, as license-agent request writes them',
    out: 'folder of the answer files (default: beside the requests)',
    force: 'write over answer files that are there',
  },
  zh: {
    about: '应答离线设备的请求文件；每个 NAME.json 生成 NAME.answer.json',
    files: '请求文件，由 license-agent request 生成',
    out: '应答文件所在目录（默认与请求文件相同）',
    force: '覆盖已有的应答文件',
  },
};
