// Functions that ask AWS: for what is there, and for what is new.
import * as aws from "@pulumi/aws";
import { allow, table } from "./resources.mjs";

export default async function lookups() {
    const legacy = await aws.dynamodb.getTable({ name: "legacy" });
    const orders = table("orders");
    const key = new aws.kms.Key("data");
    new aws.iam.Policy("clerk", { name: "clerk", policy: allow("dynamodb:GetItem", table("carts").arn) });
    return {
        legacy: legacy.arn,
        orders: aws.dynamodb.getTableOutput({ name: orders.name }).arn,
        key: aws.kms.getKeyOutput({ keyId: key.keyId }).arn,
    };
}
