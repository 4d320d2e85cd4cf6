// A program written against the generated SDK: signs in, prints whom the API lists and what it refuses.
import { client } from './sdk/client.gen';
import { getEmployees, postAuthLogin, postLeaveApprovalById } from './sdk/sdk.gen';

declare const process: { argv: string[] };

async function main([baseUrl, username, password]: string[]): Promise<void> {
  client.setConfig({ baseUrl });
  const login = await postAuthLogin({ body: { username, password }, throwOnError: true });
  client.setConfig({ auth: login.data.token });
  const listed = await getEmployees({ query: { limit: 5 }, throwOnError: true });
  console.log(listed.data.data.map((employee) => employee.name).join());

  const body = { action: 'reject' } as const;
  const refused = await postLeaveApprovalById({ path: { leaveId: 1 }, body });
  console.log(refused.error?.errors.map((fault) => fault.field).join());
}

void main(process.argv.slice(2));
