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
const checkoutRole = new aws.iam.Role("checkoutRole", {
    name: "checkout",
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
const checkoutAccess = new aws.iam.RolePolicy("checkoutAccess", {
    name: "orders",
    role: checkoutRole.name,
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
    role: checkoutRole.arn,
    runtime: "provided.al2023",
    handler: "bootstrap",
    s3Bucket: "shop-code",
    s3Key: "checkout.zip",
});
const searchRole = new aws.iam.Role("searchRole", {
    name: "search",
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
const searchAccess = new aws.iam.RolePolicy("searchAccess", {
    name: "orders",
    role: searchRole.name,
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: "dynamodb:Query",
            Resource: orders.arn,
        }],
    }),
});
const search = new aws.lambda.Function("search", {
    name: "search",
    role: searchRole.arn,
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
