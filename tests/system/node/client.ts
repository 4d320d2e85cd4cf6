// What a client written against the generated types looks like; it must compile, and its mistakes
// must not.
import type { components, paths } from './api';

type Json<Operation> = Operation extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;

declare function get<Path extends keyof paths>(path: Path): Promise<Json<paths[Path]['get']>>;

export async function names(): Promise<string[]> {
  const employees = await get('/api/employees');
  return employees.data.map((employee) => `${employee.name} ${employee.position ?? ''}`);
}

export async function left(): Promise<number> {
  const { data } = await get('/api/leave/balance/{employeeId}');
  return data.annualLeave.remaining;
}

export const leave: components['schemas']['LeaveApply'] = {
  leaveType: 'annual',
  startDate: '2024-02-01',
  endDate: '2024-02-05',
  reason: 'Family vacation',
};

export const wrong: components['schemas']['LeaveApply'] = {
  // @ts-expect-error there is no such type of leave
  leaveType: 'endless',
  startDate: '2024-02-01',
  endDate: '2024-02-05',
  reason: 'Family vacation',
};
