import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const orders = new aws.dynamodb.Table("orders", {
    name: "orders",
    billingMode: "PAY_PER_REQUEST",
    hashKey: "id",
    attributes: [{
        name: "id",
        type: "S",
    }],
    deletionProtectionEnabled: true,
    pointInTimeRecovery: {
        enabled: true,
    },
    serverSideEncryption: {
        enabled: true,
    },
});
const shop = new aws.iam.Role("shop", {
    name: "shop",
    assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: {
                Service: "lambda.amazonaws.com",
            },
        }],
    }),
});
const access = new aws.iam.RolePolicy("access", {
    name: "orders",
    role: shop.name,
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: [
                "dynamodb:GetItem",
                "dynamodb:PutItem",
            ],
            Resource: orders.arn,
        }],
    }),
});
const checkout = new aws.lambda.Function("checkout", {
    name: "checkout",
    role: shop.arn,
    runtime: "provided.al2023",
    handler: "bootstrap",
    s3Bucket: "shop-code",
    s3Key: "checkout.zip",
});
const search = new aws.lambda.Function("search", {
    name: "search",
    role: shop.arn,
    runtime: "provided.al2023",
    handler: "bootstrap",
    s3Bucket: "shop-code",
    s3Key: "search.zip",
    environment: {
        variables: {
            CHECKOUT: checkout.name,
        },
    },
});
