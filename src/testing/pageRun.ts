/**
 * The source of a function for a browser: on the page that opens captures, runs command lines in the page's worker, on the
 * files of the element `#all`, and gives what they said. Takes the names of the files, and the command lines.
 */
export const RUN_IN_PAGE = `async (names, lines) => {
  const code = new Blob([document.getElementById('worker').textContent]);
  const worker = new Worker(URL.createObjectURL(code));
  const files = [...document.getElementById('all').files].map((blob, i) => ({ name: names[i], blob }));
  worker.postMessage({ kind: 'files', files });
  const all = [];
  for (const [id, argv] of lines.entries()) {
    worker.postMessage({ kind: 'run', id, argv, columns: 80, colour: false, limit: Infinity });
    const { status, output, said } = await new Promise((resolve) => {
      worker.onmessage = ({ data }) => data.kind === 'done' && resolve(data);
    });
    all.push({ status, stdout: await output.text(), stderr: said });
  }
  return JSON.stringify(all);
}`;

/** The source of a statement for a browser: adds the element that takes files for the function above. */
export const ADD_INPUT = `document.body.append(
  Object.assign(document.createElement('input'), { type: 'file', multiple: true, id: 'all' }))`;
