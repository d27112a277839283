export { type TreeKnown, TreeNode } from './treeNode.js';
export { TreeRecorder } from './treeRecorder.js';
