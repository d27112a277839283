/** In place of what chalk finds out about a terminal: the page knows the sixteen colours. */
const basic = { level: 1, hasBasic: true, has256: false, has16m: false };

export default { stdout: basic, stderr: basic };
