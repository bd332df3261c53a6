package e2e

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// role declares a role of Lambda functions, whose name is its logical one.
func (p program) role(name string, change func(*iam.RoleArgs), options ...pulumi.ResourceOption) *iam.Role {
	args := &iam.RoleArgs{
		Name: pulumi.String(name),
		AssumeRolePolicy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", ` +
			`"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`),
	}
	if change != nil {
		change(args)
	}
	return must(iam.NewRole(p.Context, name, args, options...))
}

// on returns a document that allows actions on what an output names.
func on(resource pulumi.StringOutput, actions string) pulumi.StringOutput {
	return resource.ApplyT(func(arn string) string { return string(allow(actions, arn)) }).(pulumi.StringOutput)
}

// half declares two tables, and a role that may do anything with one of them, by
// its ARN.
func half(p program) {
	orders := p.table("orders", nil)
	carts := p.table("carts", nil)
	p.role("checkout", func(args *iam.RoleArgs) {
		args.InlinePolicies = iam.RoleInlinePolicyArray{
			&iam.RoleInlinePolicyArgs{Name: pulumi.String("orders"), Policy: on(orders.Arn, "dynamodb:*")},
		}
	}, after(carts))
}

// forms declares documents on a new table, one in each form that programs in Go
// have.
func forms(action string) func(program) {
	return func(p program) {
		orders := p.table("orders", nil)
		applied := p.policy("applied", on(orders.Arn, action))
		formatted := p.policy("formatted", pulumi.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "%s"}]}`,
			action, orders.Arn), after(applied))
		marshalled := p.policy("marshalled", pulumi.JSONMarshal(pulumi.Map{
			"Version": pulumi.String("2012-10-17"),
			"Statement": pulumi.Array{pulumi.Map{
				"Effect": pulumi.String("Allow"), "Action": pulumi.String(action), "Resource": orders.Arn,
			}},
		}), after(formatted))
		outputForm := p.policy("outputForm", iam.GetPolicyDocumentOutput(p.Context, iam.GetPolicyDocumentOutputArgs{
			Statements: iam.GetPolicyDocumentStatementArray{&iam.GetPolicyDocumentStatementArgs{
				Actions: pulumi.ToStringArray([]string{action}), Resources: pulumi.StringArray{orders.Arn},
			}},
		}).Json(), after(marshalled))
		p.policy("plainForm", orders.Arn.ApplyT(func(arn string) (string, error) {
			document, err := iam.GetPolicyDocument(p.Context, &iam.GetPolicyDocumentArgs{
				Statements: []iam.GetPolicyDocumentStatement{{Actions: []string{action}, Resources: []string{arn}}},
			})
			if err != nil {
				return "", err
			}
			return document.Json, nil
		}).(pulumi.StringOutput), after(outputForm))
	}
}

// withinApply declares a policy where the ARN of a new table is known, and nowhere else.
func withinApply(action string) func(program) {
	return func(p program) {
		orders := p.table("orders", nil)
		p.Export("policy", orders.Arn.ApplyT(func(arn string) (pulumi.StringOutput, error) {
			policy, err := iam.NewPolicy(p.Context, "within", &iam.PolicyArgs{
				Name: pulumi.String("within"), Policy: allow(action, arn),
			})
			if err != nil {
				return pulumi.StringOutput{}, err
			}
			return policy.Arn, nil
		}))
	}
}

// lookup asks AWS for a new table by its name. A plain preview skips that where
// the lookup says that it waits for the table; in Node and Python any does whose
// arguments are made of the table's outputs.
func lookup(waits bool) func(program) {
	return func(p program) {
		orders, carts := p.table("orders", nil), p.table("carts", nil)
		var options []pulumi.InvokeOption
		if waits {
			options = append(options, pulumi.DependsOn([]pulumi.Resource{orders}))
		}
		found := dynamodb.LookupTableOutput(p.Context, dynamodb.LookupTableOutputArgs{Name: orders.Name}, options...)
		writer := p.policy("writer", on(carts.Arn, "dynamodb:PutItem"))
		p.policy("reader", on(found.Arn(), "dynamodb:GetItem"), after(writer))
	}
}

// regions declares a table in each of two regions, and a policy on both.
func regions(p program) {
	orders := p.table("orders", nil, p.provider("virginia", "us-east-1"))
	carts := p.table("carts", nil, p.provider("ireland", "eu-west-1"))
	p.policy("reader", pulumi.All(orders.Arn, carts.Arn).ApplyT(onAll).(pulumi.StringOutput))
}

// nested declares a table and a policy on it within components, the table under
// an alias.
func nested(p program) {
	shop, storage := &component{}, &component{}
	must(shop, p.RegisterComponentResource("acme:shop:Shop", "shop", shop))
	must(storage, p.RegisterComponentResource("acme:shop:Storage", "storage", storage, pulumi.Parent(shop)))
	orders := p.table("orders", nil, pulumi.Parent(storage), pulumi.Aliases([]pulumi.Alias{{NoParent: pulumi.Bool(true)}}))
	p.policy("clerk", on(orders.Arn, "dynamodb:*"), pulumi.Parent(shop))
}

// got reads a resource that the run would create.
func got(p program) {
	orders := p.table("orders", nil)
	must(dynamodb.GetTable(p.Context, "same", orders.ID(), nil))
	p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
}

// assumed declares a table in another account, by a role that the provider
// assumes there, and a policy on it in the stack's own account.
func assumed(p program) {
	elsewhere := pulumi.Provider(must(aws.NewProvider(p.Context, "elsewhere", &aws.ProviderArgs{
		Region:     pulumi.String("eu-west-1"),
		AssumeRole: &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::444455556666:role/deployer")},
	})))
	orders := p.table("orders", nil, elsewhere)
	p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
}

// versions declares a table with each of two versions of the provider, and
// policies on both.
func versions(p program) {
	orders := p.table("orders", nil)
	carts := p.table("carts", nil, pulumi.Version("7.40.0"))
	clerk := p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
	p.policy("packer", on(carts.Arn, "dynamodb:GetItem"), after(clerk))
}

// streaming declares a table of a name, with a stream where that is asked for,
// and policies on both.
func streaming(name string, stream bool) func(program) {
	return func(p program) {
		orders := p.table("orders", func(args *dynamodb.TableArgs) {
			args.Name = pulumi.String(name)
			if stream {
				args.StreamEnabled, args.StreamViewType = pulumi.Bool(true), pulumi.String("KEYS_ONLY")
			}
		})
		clerk := p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
		if stream {
			p.policy("listener", on(orders.StreamArn, "dynamodb:GetRecords"), after(clerk))
		}
	}
}

// confidential declares a table whose name is a secret, and a policy on it.
func confidential(p program) {
	orders := p.table("orders", func(args *dynamodb.TableArgs) {
		args.Name = pulumi.ToSecret(pulumi.String(hidden)).(pulumi.StringOutput)
	})
	p.Export("arn", orders.Arn)
	p.policy("clerk", on(orders.Arn, "dynamodb:*"))
}

// refers declares a policy on a table that another stack has as an output.
func refers(p program) {
	shop := must(pulumi.NewStackReference(p.Context, "organization/shop/dev", nil))
	orders := shop.GetStringOutput(pulumi.String("orders"))
	carts := p.table("carts", nil)
	p.policy("clerk", pulumi.All(orders, carts.Arn).ApplyT(onAll).(pulumi.StringOutput))
}

// onAll returns a document that allows an action on several tables.
func onAll(arns []any) (string, error) {
	document, err := json.Marshal(map[string]any{
		"Version":   "2012-10-17",
		"Statement": []any{map[string]any{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": arns}},
	})
	return string(document), err
}
