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
const endpoint = new aws.ec2.VpcEndpoint("endpoint", {
    vpcId: "vpc-0a1b2c3d4e5f60718",
    serviceName: "com.amazonaws.us-east-1.dynamodb",
    vpcEndpointType: "Gateway",
});
