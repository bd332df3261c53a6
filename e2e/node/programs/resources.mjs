// Resources that no policy finds fault with, and the documents that are about them.
import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

// table declares a table, whose name is its logical one, in a version of the provider.
export function table(name, args, options, { dynamodb } = aws) {
    return new dynamodb.Table(name, {
        name,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "id",
        attributes: [{ name: "id", type: "S" }],
        pointInTimeRecovery: { enabled: true },
        serverSideEncryption: { enabled: true },
        ...args,
    }, options);
}

// allow returns a document: on a resource, else for Lambda.
export function allow(action, resource) {
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: action,
            ...(resource ? { Resource: resource } : { Principal: { Service: "lambda.amazonaws.com" } }),
        }],
    });
}
