package e2e

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"dynamoguard/e2e/internal/wire"
)

// table returns the request for a table that every policy passes, or none of
// the table policies but the collision of names.
func table(t *testing.T, name string, good bool) *pulumirpc.AnalyzeRequest {
	t.Helper()
	properties := resource.PropertyMap{
		"name":        resource.NewProperty(name),
		"billingMode": resource.NewProperty("PAY_PER_REQUEST"),
		"hashKey":     resource.NewProperty("id"),
		"attributes": resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{
			"name": resource.NewProperty("id"), "type": resource.NewProperty("S"),
		})}),
	}
	if good {
		enabled := resource.NewProperty(resource.PropertyMap{"enabled": resource.NewProperty(true)})
		properties["pointInTimeRecovery"] = enabled
		properties["serverSideEncryption"] = enabled
	}
	return wire.Request(t, "aws:dynamodb/table:Table", name, properties, wire.AWS(t, "us-east-1"))
}

// rolePolicy returns the request for an inline policy of a role on one table,
// or on everything.
func rolePolicy(t *testing.T, name string, good bool) *pulumirpc.AnalyzeRequest {
	t.Helper()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Action":["dynamodb:GetItem","dynamodb:PutItem","dynamodb:Query"],` +
		`"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}]}`
	if !good {
		document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}`
	}
	return wire.Request(t, "aws:iam/rolePolicy:RolePolicy", name, resource.PropertyMap{
		"name": resource.NewProperty(name), "role": resource.NewProperty("role"), "policy": resource.NewProperty(document),
	}, wire.AWS(t, "us-east-1"))
}
