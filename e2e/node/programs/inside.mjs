// A policy that is there once the ARN of a table is known: not in a plain preview.
import * as aws from "@pulumi/aws";
import { allow, table } from "./resources.mjs";

export default async function inside(action) {
    table("orders").arn.apply((arn) => new aws.iam.Policy("clerk", { name: "clerk", policy: allow(action, arn) }));
}
