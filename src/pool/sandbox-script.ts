/**
 * The script of the sandbox's frame. It turns the task worker's text into a blob, starts and ends workers of it, and
 * hands each one the port it is given. Kept tiny, since everything in the sandbox trusts it; kept as text, since a
 * server that sends a Content-Security-Policy with the page must allow it by its hash: the frame, being `srcdoc`,
 * inherits the page's policy beside its own.
 */
export const sandboxScript = `
addEventListener('message', function greet({ source, data }) {
  if (source !== parent) return;
  removeEventListener('message', greet);
  const { port, text } = data;
  const address = (script) => URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const taskWorker = address(text);
  const workers = new Map();
  port.onmessage = ({ data: { kind, id, name, port: channel, text: own } }) => {
    const end = (reason) => port.postMessage({ kind: 'ended', id, reason });
    if (kind === 'kill') {
      workers.get(id)?.terminate();
      workers.delete(id);
    } else if (kind === 'spawn') {
      try {
        const worker = new Worker(own === undefined ? taskWorker : address(own), { name });
        workers.set(id, worker);
        worker.onerror = (event) => { event.preventDefault(); end(event.message || 'its script could not be started'); };
        worker.onmessageerror = () => end('a message could not be read');
        worker.postMessage({ port: channel }, [channel]);
      } catch (error) {
        end('it could not be started: ' + error.message);
      }
    }
  };
});`;
