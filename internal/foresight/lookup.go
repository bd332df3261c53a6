package foresight

import (
	"strings"

	"dynamoguard/internal/resource"
)

// computes are the functions that ask AWS for nothing that a run could create, as people write their tokens: they work on
// their arguments, on tables of their own, or ask who calls, which regions and zones there are and for a random text. A lookup of a
// resource is not among them, nor what decrypts or simulates, nor what reads an export or a parameter.
//
// Those of aws are the functions of versions 5 to 7, in https://www.pulumi.com/registry/packages/aws/api-docs/; those of aws-native
// are the intrinsics in https://github.com/pulumi/pulumi-aws-native/blob/master/provider/pkg/provider/provider_intrinsics.go.
var computes = map[string]bool{
	"aws:cloudwatch:getLogDataProtectionPolicyDocument": true,
	"aws:ecr:getLifecyclePolicyDocument":                true,
	"aws:iam:getPolicyDocument":                         true,
	"aws:networkmanager:getCoreNetworkPolicyDocument":   true,
	"aws:route53:getTrafficPolicyDocument":              true,

	"aws:index:arnBuild":            true,
	"aws:index:arnParse":            true,
	"aws:index:getArn":              true,
	"aws:index:getService":          true,
	"aws:index:getServicePrincipal": true,
	"aws:index:trimIamRolePath":     true,
	"aws:index:userAgent":           true,

	"aws:index:getAvailabilityZone":  true,
	"aws:index:getAvailabilityZones": true,
	"aws:index:getCallerIdentity":    true,
	"aws:index:getDefaultTags":       true,
	"aws:index:getIpRanges":          true,
	"aws:index:getPartition":         true,
	"aws:index:getRegion":            true,
	"aws:index:getRegions":           true,

	"aws:apprunner:getHostedZoneId":                true,
	"aws:cloudfront:getLogDeliveryCanonicalUserId": true,
	"aws:cloudtrail:getServiceAccount":             true,
	"aws:elasticbeanstalk:getHostedZone":           true,
	"aws:elb:getHostedZoneId":                      true,
	"aws:elb:getServiceAccount":                    true,
	"aws:index:getBillingServiceAccount":           true,
	"aws:lb:getHostedZoneId":                       true,
	"aws:redshift:getServiceAccount":               true,
	"aws:s3:getCanonicalUserId":                    true,
	"aws:sagemaker:getPrebuiltEcrImage":            true,
	"aws:secretsmanager:getRandomPassword":         true,

	"aws-native:index:cidr":         true,
	"aws-native:index:getAccountId": true,
	"aws-native:index:getAzs":       true,
	"aws-native:index:getPartition": true,
	"aws-native:index:getRegion":    true,
	"aws-native:index:getUrlSuffix": true,
}

// Computes tells whether a function of a provider only computes: whether it asks AWS for nothing that this run could create. The
// token is that of an invoke, aws:iam/getPolicyDocument:getPolicyDocument, or as people write it, aws:iam:getPolicyDocument.
func Computes(token string) bool { return computes[resource.ShortType(token)] }

// Searches tells whether a function may look a resource up by no more than its name: it is of the module of the resource's type, or
// finds resources of any type. To other functions the same text is the name of something else.
func Searches(token string, urn resource.URN) bool {
	module := func(token string) string {
		parts := strings.SplitN(resource.ShortType(token), ":", 3)
		if len(parts) != 3 {
			return ""
		}
		return parts[1]
	}
	switch its := module(token); its {
	case "":
		return false
	case "cloudcontrol", "resourceexplorer", "resourcegroupstaggingapi":
		return true
	default:
		return its == module(urn.Type())
	}
}
