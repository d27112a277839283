import type { ZooKeeperMessage } from '../protocols/zookeeper/message.js';
import { eventTypeName, OpCode } from '../protocols/zookeeper/opcodes.js';
