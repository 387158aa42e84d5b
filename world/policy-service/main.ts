import { runService } from '../service/run-service';
import { startPolicyService } from './start';

void runService('policy-service', startPolicyService);
