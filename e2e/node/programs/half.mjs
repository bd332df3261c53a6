// A role that may do anything to a new table: an update creates the tables before it learns of that.
import * as aws from "@pulumi/aws";
import { allow, table } from "./resources.mjs";

export default async function half() {
    const orders = table("orders");
    const carts = table("carts", {}, { dependsOn: orders });
    new aws.iam.Role("checkout", {
        name: "checkout",
        assumeRolePolicy: allow("sts:AssumeRole"),
        inlinePolicies: [{
            name: "tables",
            policy: carts.arn.apply((arn) => JSON.stringify({
                Version: "2012-10-17",
                Statement: [{ Effect: "Allow", Action: "dynamodb:*", Resource: [arn] }],
            })),
        }],
    });
}
