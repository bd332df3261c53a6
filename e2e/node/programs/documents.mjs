// The ways to write a policy document that programs use. Each takes statements as getPolicyDocument does, with outputs in
// any place, and returns the document as JSON text.
import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

export const forms = {
    jsonStringify: (statements) => pulumi.jsonStringify(document(statements)),
    interpolate: (statements) => interpolated(document(statements)),
    apply: (statements) => pulumi.output(statements).apply((known) => JSON.stringify(document(known))),
    getPolicyDocument: (statements) =>
        pulumi.output(statements).apply((known) => aws.iam.getPolicyDocument({ statements: known })).json,
    getPolicyDocumentOutput: (statements) => aws.iam.getPolicyDocumentOutput({ statements }).json,
};

function document(statements) {
    return { Version: "2012-10-17", Statement: statements.map(statement) };
}

function statement({ sid, actions, resources, principals, conditions }) {
    return {
        Sid: sid,
        Effect: "Allow",
        ...(principals && { Principal: Object.fromEntries(principals.map((p) => [p.type, p.identifiers])) }),
        Action: actions,
        ...(resources && { Resource: resources }),
        ...(conditions && { Condition: Object.fromEntries(conditions.map((c) => [c.test, { [c.variable]: c.values }])) }),
    };
}

// interpolated writes a value as JSON, as programs do that write documents as templates.
function interpolated(value) {
    const commas = (parts) => parts.reduce((all, next) => pulumi.interpolate`${all},${next}`);
    if (Array.isArray(value)) {
        return pulumi.interpolate`[${commas(value.map(interpolated))}]`;
    }
    if (typeof value === "object" && !pulumi.Output.isInstance(value)) {
        const members = Object.entries(value).map(([key, member]) => pulumi.interpolate`"${key}":${interpolated(member)}`);
        return pulumi.interpolate`{${commas(members)}}`;
    }
    return pulumi.interpolate`"${value}"`;
}
