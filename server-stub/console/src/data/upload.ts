import { ApiError } from './api.ts';

/**
 * Sends a file as the body of a call and tells how far it is, which `fetch` cannot.
 *
 * @param onProgress is given the share that was sent, 0 to 1
 * @throws ApiError; `offline` where it was cut off
 */
export function upload<T>(
  path: string,
  file: File,
  language: string,
  onProgress: (share: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/console/api${path}`);
    request.setRequestHeader('accept-language', language);
    request.setRequestHeader('content-type', 'text/plain');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
    request.onerror = () => reject(new ApiError('offline', ''));
    request.onload = () => {
      const { response, status, statusText } = request;
      if (status < 300) resolve(response as T);
      else reject(new ApiError(response?.error ?? 'internal', response?.message ?? statusText));
    };
    request.send(file);
  });
}
