import { Alert, Flex, Typography } from 'antd';
import decodeQR from 'qr/decode.js';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Looks a second, in milliseconds between two. */
const LOOK_EVERY_MS = 150;

/** The camera, for as long as it is shown; tells each code that it sees, again and again. */
export function QrCamera({ onCode }: { onCode(text: string): void }) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const tell = useRef(onCode);
  tell.current = onCode;
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: number | undefined;
    let isOver = false;
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const look = () => {
      const shown = video.current;
      if (context === null || shown === null || shown.videoWidth === 0) return;
      [canvas.width, canvas.height] = [shown.videoWidth, shown.videoHeight];
      context.drawImage(shown, 0, 0);
      const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
      try {
        tell.current(decodeQR({ width, height, data }));
      } catch {
        // There is none in this picture.
      }
    };
    const start = async () => {
      if (navigator.mediaDevices === undefined) throw new Error('HTTPS');
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      if (isOver || video.current === null) return stop();
      video.current.srcObject = stream;
      await video.current.play();
      timer = window.setInterval(look, LOOK_EVERY_MS);
    };
    const stop = () => {
      window.clearInterval(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    start().catch((failure: Error) => setProblem(failure.message));
    return () => {
      isOver = true;
      stop();
    };
  }, []);

  if (problem !== undefined)
    return <Alert type="warning" showIcon title={t('noCamera', { reason: problem })} />;
  return (
    <Flex vertical gap={8}>
      <video ref={video} muted playsInline aria-label={t('scan')} style={{ width: '100%', maxWidth: 480 }} />
      <Typography.Text type="secondary">{t('scanning')}</Typography.Text>
    </Flex>
  );
}
