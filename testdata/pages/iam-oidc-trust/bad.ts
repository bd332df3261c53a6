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
const github = new aws.iam.OpenIdConnectProvider("github", {
    url: "https://token.actions.githubusercontent.com",
    clientIdLists: ["sts.amazonaws.com"],
});
const deploy = new aws.iam.Role("deploy", {
    name: "deploy",
    assumeRolePolicy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: "sts:AssumeRoleWithWebIdentity",
            Principal: {
                Federated: github.arn,
            },
            Condition: {
                StringEquals: {
                    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                },
                StringLike: {
                    "token.actions.githubusercontent.com:sub": "repo:acme/*",
                },
            },
        }],
    }),
});
const access = new aws.iam.RolePolicy("access", {
    name: "orders",
    role: deploy.name,
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: [
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            ],
            Resource: orders.arn,
        }],
    }),
});
