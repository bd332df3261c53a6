import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const cacheRole = new aws.iam.Role("cacheRole", {
    name: "orders-cache",
    assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: {
                Service: "dax.amazonaws.com",
            },
        }],
    }),
});
const cache = new aws.dax.Cluster("cache", {
    clusterName: "orders",
    iamRoleArn: cacheRole.arn,
    nodeType: "dax.r5.large",
    replicationFactor: 3,
    clusterEndpointEncryptionType: "TLS",
    serverSideEncryption: {
        enabled: true,
    },
});
