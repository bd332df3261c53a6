package foresight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/resource"
)

func TestNames(t *testing.T) {
	const arn, id = "arn:aws:iam::123456789012:role/app", "AROASWSYHOUYRDP6H5ZE6"
	const hidden = `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "app"}`
	for name, c := range map[string]struct {
		typ, inputs string
		want        []string
	}{
		"name and ARN": {"aws:iam/role:Role", `{"name": "app"}`, []string{"app", arn, id}},
		"a URL": {
			"aws:iam/openIdConnectProvider:OpenIdConnectProvider", `{"url": "https://a.example"}`,
			[]string{"https://a.example", "arn:aws:iam::123456789012:oidc-provider/a.example"},
		},
		"another id": {
			"aws:dax/cluster:Cluster", `{"clusterName": "A"}`,
			[]string{"A", "a", "arn:aws:dax:eu-central-1:123456789012:cache/a"},
		},
		"no name": {
			"aws:ec2/vpc:Vpc", `{"name": "x"}`,
			[]string{"vpc-c761fcd7ee670e959", "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-c761fcd7ee670e959"},
		},
		"a name that makes no id": {
			"aws:apigateway/restApi:RestApi", `{"name": "shop", "executionArn": "x"}`,
			[]string{"shop", "nfjrxb1gds", "arn:aws:apigateway:eu-central-1::/restapis/nfjrxb1gds"},
		},
		"the other name of one": {"aws:efs/fileSystem:FileSystem", `{"creationToken": "data", "arn": "x"}`, []string{"data", "fs-a07a44e29319ad8f7"}},
		"and of one":            {"aws:cognito/identityPool:IdentityPool", `{"identityPoolName": "shop", "arn": "x"}`, []string{"shop", "eu-central-1:7e3f2d4f-88cd-41a7-a292-1f0da34da221"}},
		"a secret name":         {"aws:iam/role:Role", `{"name": ` + hidden + `}`, []string{id}},
		"nothing known":         {"aws:sns/topic:Topic", `{}`, nil},
	} {
		r := creation(t, c.typ, c.inputs)
		if diff := cmp.Diff(c.want, foresight.Names(r, foresight.Values(r, frankfurt, true))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := foresight.Names(foresight.Resource{URN: "no URN"}, nil); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

func TestIn(t *testing.T) {
	const table, url = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders", "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"
	for _, c := range []struct {
		value foresight.Value
		text  string
		want  bool
	}{
		{foresight.Value{Text: "orders"}, "orders", false},
		{foresight.Value{Text: "/app/orders"}, "/app/orders", false},
		{foresight.Value{Text: table}, table, true},
		{foresight.Value{Text: table}, table + "/index/*", true},
		{foresight.Value{Text: table}, `{"Resource":["` + table + `"]}`, true},
		{foresight.Value{Text: table}, table + "-archive", false},
		{foresight.Value{Text: table}, table + "2, " + table, true},
		{foresight.Value{Text: table}, "orders", false},
		{foresight.Value{Text: url}, url, true},
		{foresight.Value{Text: "a1b2c3d4e5", StandIn: true}, "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", true},
		{foresight.Value{Text: "a1b2c3d4e5", StandIn: true}, "a1b2c3d4e", false},
	} {
		if got := c.value.In(c.text); got != c.want {
			t.Errorf("%+v in %s: %v", c.value, c.text, got)
		}
	}
}

func TestComputes(t *testing.T) {
	for token, want := range map[string]bool{
		"aws:iam/getPolicyDocument:getPolicyDocument":                       true,
		"aws:iam:getPolicyDocument":                                         true,
		"aws:index/getArn:getArn":                                           true,
		"aws:index/getCallerIdentity:getCallerIdentity":                     true,
		"aws:index/getPartition:getPartition":                               true,
		"aws:elb/getServiceAccount:getServiceAccount":                       true,
		"aws-native:index:getAccountId":                                     true,
		"aws-native:index:cidr":                                             true,
		"aws:dynamodb/getTable:getTable":                                    false,
		"aws:iam/getRole:getRole":                                           false,
		"aws:iam/getSessionContext:getSessionContext":                       false, // asks for the role
		"aws:iam/getPrincipalPolicySimulation:getPrincipalPolicySimulation": false,
		"aws:kms/getCipherText:getCipherText":                               false, // asks for the key
		"aws:ecs/getContainerDefinition:getContainerDefinition":             false,
		"aws:cloudformation/getExport:getExport":                            false,
		"aws-native:index:importValue":                                      false,
		"aws-native:index:getSsmParameterString":                            false,
		"aws-native:dynamodb:getTable":                                      false,
		"gcp:iam:getPolicyDocument":                                         false,
		"getPolicyDocument":                                                 false,
		"":                                                                  false,
		"aws:iam/getPolicyDocument:getPolicyDocument:more":                  false,
	} {
		if got := foresight.Computes(token); got != want {
			t.Errorf("%s: %v", token, got)
		}
	}
}

func TestSearches(t *testing.T) {
	for _, c := range []struct {
		token, typ string
		want       bool
	}{
		{"aws:dynamodb/getTable:getTable", "aws:dynamodb/table:Table", true},
		{"aws:dynamodb/getTableItem:getTableItem", "aws:dynamodb/table:Table", true},
		{"aws-native:dynamodb:getTable", "aws:dynamodb/table:Table", true},
		{"aws:dynamodb/getTable:getTable", "aws-native:dynamodb:Table", true},
		{"aws:s3/getBucket:getBucket", "aws:s3/bucketV2:BucketV2", true},
		{"aws:cloudcontrol/getResource:getResource", "aws:dynamodb/table:Table", true},
		{"aws:s3/getBucket:getBucket", "aws:dynamodb/table:Table", false},
		{"aws:iam/getRole:getRole", "aws:lambda/function:Function", false},
		{"aws:iam/getRole:getRole", "", false},
		{"getRole", "", false},
		{"", "aws:dynamodb/table:Table", false},
	} {
		if got := foresight.Searches(c.token, urn(c.typ)); got != c.want {
			t.Errorf("%s of %s: %v", c.token, c.typ, got)
		}
	}
	if foresight.Searches("", resource.URN("")) {
		t.Error("of nothing")
	}
}
