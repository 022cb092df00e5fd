import { type ApiFailure, forbidden, unauthorized } from './api-status.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import type { Resource } from './resource-registry.ts';

/** What somebody wants to do, as RBAC sees it. */
export interface AccessAttributes {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  /** With the subresource after a slash, such as `baselinepolicies/status`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whether it is allowed. */
export type Authorizer = (attributes: AccessAttributes) => boolean;

/**
 * Who may do what. At first everybody may do everything; `tokens` and `isAllowed` may be changed while the server runs,
 * as tokens expire and roles are withdrawn.
 */
export class Access {
  /** Bearer tokens and whose they are; undefined: nobody is asked who they are. */
  tokens: Map<string, string> | undefined;
  isAllowed: Authorizer = () => true;

  /** The user of a request. */
  userOf(token: string | undefined): string | undefined {
    if (this.tokens === undefined) {
      return 'kubernetes-admin';
    }
    return token === undefined ? undefined : this.tokens.get(token);
  }

  /** Why a request is refused, if so. */
  refusal(
    resource: Resource,
    attributes: Omit<AccessAttributes, 'user'>,
    user: string | undefined,
  ): ApiFailure | undefined {
    if (user === undefined) {
      return unauthorized;
    }
    if (this.isAllowed({ ...attributes, user })) {
      return undefined;
    }
    const where = attributes.namespace === '' ? 'at the cluster scope' : `in the namespace "${attributes.namespace}"`;
    return forbidden(
      resource.type,
      attributes.name,
      `User "${user}" cannot ${attributes.verb} resource "${attributes.resource}" in API group "${attributes.group}" ${where}`,
    );
  }

  /** The answer to a SelfSubjectAccessReview (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access). */
  review(body: JsonObject, user: string): JsonObject {
    const asked = objectAt(objectAt(body, 'spec'), 'resourceAttributes');
    const text = (key: string): string => textAt(asked, key) ?? '';
    const resource = text('subresource') === '' ? text('resource') : `${text('resource')}/${text('subresource')}`;
    const allowed = this.isAllowed({
      user,
      verb: text('verb'),
      group: text('group'),
      resource,
      namespace: text('namespace'),
      name: text('name'),
    });
    return { ...body, metadata: {}, status: { allowed } };
  }
}
