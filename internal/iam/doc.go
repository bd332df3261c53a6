// Package iam reads AWS policy documents and says what they grant on Amazon DynamoDB and on DynamoDB Accelerator (DAX).
//
// [Parse] decodes a document strictly and never fails: what IAM would refuse becomes an [Error] of the document, and the
// rest is read all the same, an Allow as wide as possible and a Deny as narrow as possible. [Document.WildcardActions],
// [Document.UnscopedResources], [Document.ItemConditions], [Document.SensitiveActions], [Document.TrustGaps] and
// [Document.IneffectiveStatements] judge one document by itself. [NewGrants] and [Escalations] join the documents of a principal, and
// [Evaluate] decides on one request.
//
// The cases in testdata/iam, which package simulate runs, show the rules one by one.
//
// The package knows nothing of Pulumi, does no input or output, and reads no clock.
//
// Source, where no other is named: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html
package iam
