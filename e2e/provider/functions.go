package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// function describes a function of a package.
type function struct {
	args, result reflect.Type // structs, named by pulumi tags
	// call returns what the function adds to its arguments.
	call func(p *provider, args resource.PropertyMap) (resource.PropertyMap, error)
}

// awsFunctions are those that only compute, and those that ask AWS: who the
// caller is, and what exists.
var awsFunctions = map[tokens.ModuleMember]function{
	"aws:iam/getPolicyDocument:getPolicyDocument": {
		args:   reflect.TypeFor[iam.GetPolicyDocumentArgs](),
		result: reflect.TypeFor[iam.GetPolicyDocumentResult](),
		call:   policyDocument,
	},
	"aws:index/getArn:getArn": {
		args:   reflect.TypeFor[aws.GetArnArgs](),
		result: reflect.TypeFor[aws.GetArnResult](),
		call: func(_ *provider, args resource.PropertyMap) (resource.PropertyMap, error) {
			text := asText(args["arn"])
			parts := strings.SplitN(text, ":", 6)
			if len(parts) < 6 || parts[0] != "arn" {
				return nil, fmt.Errorf("%q is an invalid ARN: arn: invalid prefix", text)
			}
			return filled{
				"id": text, "partition": parts[1], "service": parts[2], "region": parts[3], "account": parts[4], "resource": parts[5],
			}.properties(), nil
		},
	},
	"aws:index/getCallerIdentity:getCallerIdentity": {
		args:   reflect.TypeFor[struct{}](),
		result: reflect.TypeFor[aws.GetCallerIdentityResult](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			return filled{
				"id": p.account, "accountId": p.account, "arn": p.arn("iam", "", "user/deployer"), "userId": principalID,
			}.properties(), nil
		},
	},
	"aws:index/getPartition:getPartition": {
		args:   reflect.TypeFor[aws.GetPartitionArgs](),
		result: reflect.TypeFor[aws.GetPartitionResult](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			labels := strings.Split(p.partition().suffix, ".")
			slices.Reverse(labels)
			return filled{
				"id": p.partition().name, "partition": p.partition().name,
				"dnsSuffix": p.partition().suffix, "reverseDnsPrefix": strings.Join(labels, "."),
			}.properties(), nil
		},
	},
	"aws:index/getRegion:getRegion": {
		args:   reflect.TypeFor[aws.GetRegionArgs](),
		result: reflect.TypeFor[aws.GetRegionResult](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			there := filled{
				"id": p.region, "name": p.region, "description": p.region, "endpoint": "ec2." + p.region + "." + p.partition().suffix,
			}
			if p.pkg.since(7) {
				there["region"] = p.region
			}
			return there.properties(), nil
		},
	},

	"aws:dynamodb/getTable:getTable": lookup[dynamodb.LookupTableArgs, dynamodb.LookupTableResult](
		"DynamoDB Table", []string{"aws:dynamodb/table:Table"}, "name"),
	"aws:iam/getPolicy:getPolicy": lookup[iam.LookupPolicyArgs, iam.LookupPolicyResult](
		"IAM Policy", []string{"aws:iam/policy:Policy"}, "arn", "name"),
	"aws:iam/getRole:getRole": lookup[iam.LookupRoleArgs, iam.LookupRoleResult](
		"IAM Role", []string{"aws:iam/role:Role"}, "name"),
	"aws:kinesis/getStream:getStream": lookup[kinesis.LookupStreamArgs, kinesis.LookupStreamResult](
		"Kinesis Stream", []string{"aws:kinesis/stream:Stream"}, "name"),
	"aws:kms/getAlias:getAlias": lookup[kms.LookupAliasArgs, kms.LookupAliasResult](
		"KMS Alias", []string{"aws:kms/alias:Alias"}, "name"),
	"aws:kms/getKey:getKey": byAlias("keyId", lookup[kms.LookupKeyArgs, kms.LookupKeyResult](
		"KMS Key", []string{"aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey"}, "keyId")),
	"aws:lambda/getFunction:getFunction": lookup[lambda.LookupFunctionArgs, lambda.LookupFunctionResult](
		"Lambda Function", []string{"aws:lambda/function:Function"}, "functionName"),
	"aws:s3/getBucket:getBucket": lookup[s3.LookupBucketArgs, s3.LookupBucketResult](
		"S3 Bucket", []string{"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"}, "bucket"),
	"aws:secretsmanager/getSecret:getSecret": lookup[secretsmanager.LookupSecretArgs, secretsmanager.LookupSecretResult](
		"Secrets Manager Secret", []string{"aws:secretsmanager/secret:Secret"}, "arn", "name"),
	"aws:sns/getTopic:getTopic": lookup[sns.LookupTopicArgs, sns.LookupTopicResult](
		"SNS Topic", []string{"aws:sns/topic:Topic"}, "name"),
	"aws:sqs/getQueue:getQueue": lookup[sqs.LookupQueueArgs, sqs.LookupQueueResult](
		"SQS Queue", []string{"aws:sqs/queue:Queue"}, "name"),
}

// nativeFunctions are those of npm's @pulumi/aws-native 1.79.0 that tell where
// the provider works.
var nativeFunctions = map[tokens.ModuleMember]function{
	"aws-native:index:getAccountId": {
		args: reflect.TypeFor[struct{}](),
		result: reflect.TypeFor[struct {
			AccountID string `pulumi:"accountId"`
		}](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			return filled{"accountId": p.account}.properties(), nil
		},
	},
	"aws-native:index:getPartition": {
		args: reflect.TypeFor[struct{}](),
		result: reflect.TypeFor[struct {
			DNSSuffix string `pulumi:"dnsSuffix"`
			Partition string `pulumi:"partition"`
		}](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			return filled{"dnsSuffix": p.partition().suffix, "partition": p.partition().name}.properties(), nil
		},
	},
	"aws-native:index:getRegion": {
		args: reflect.TypeFor[struct{}](),
		result: reflect.TypeFor[struct {
			Region string `pulumi:"region"`
		}](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			return filled{"region": p.region}.properties(), nil
		},
	},
}

// lookup returns a function that reads a resource of one of some types, which
// it calls by a name for people. The first of the arguments that is given says
// which: it is the resource's id, ARN or name.
func lookup[Args, Result any](called string, types []string, arguments ...resource.PropertyKey) function {
	result := reflect.TypeFor[Result]()
	return function{
		args:   reflect.TypeFor[Args](),
		result: result,
		call: func(p *provider, args resource.PropertyMap) (resource.PropertyMap, error) {
			var asked string
			var by resource.PropertyKey
			for _, by = range arguments {
				if asked = asText(args[by]); asked != "" {
					break
				}
			}
			isAsked := func(known event) bool {
				name := known.Values["name"]
				if bucket, ok := known.Values["bucket"]; ok {
					name = bucket
				}
				return asked == known.ID || asked == known.Values["arn"] || asked == name
			}
			for _, typ := range types {
				found, ok, err := p.find(typ, isAsked)
				if err != nil {
					return nil, err
				}
				if !ok {
					continue
				}
				added := zero(result).ObjectValue()
				read := filled(found.Values).properties()
				read["id"] = resource.NewProperty(found.ID)
				for _, m := range members(result) {
					if value, ok := read[m.name]; ok && !value.IsNull() {
						added[m.name] = value
					}
				}
				added[by] = args[by] // an ARN stays one where an id might do
				return added, nil
			}
			return nil, fmt.Errorf("reading %s (%s): couldn't find resource", called, asked)
		},
	}
}

// byAlias has a function find a key also by an alias, or the ARN of one.
func byAlias(argument resource.PropertyKey, f function) function {
	byKey := f.call
	f.call = func(p *provider, args resource.PropertyMap) (resource.PropertyMap, error) {
		asked := asText(args[argument])
		alias, ok, err := p.find("aws:kms/alias:Alias", func(known event) bool {
			return asked == known.ID || asked == known.Values["arn"]
		})
		if err != nil {
			return nil, err
		}
		if !ok {
			return byKey(p, args)
		}
		key := args.Copy()
		key[argument] = resource.NewPropertyValue(alias.Values["targetKeyArn"])
		added, err := byKey(p, key)
		if err == nil {
			added[argument] = args[argument]
		}
		return added, err
	}
	return f
}

// Invoke answers with the arguments and what the function adds.
func (p *provider) Invoke(ctx context.Context, req plugin.InvokeRequest) (plugin.InvokeResponse, error) {
	f, ok := p.pkg.functions[req.Tok]
	if !ok {
		return plugin.InvokeResponse{}, fmt.Errorf("the stand-in has no function %s", req.Tok)
	}
	args := resource.ToResourcePropertyMap(req.Args)
	there := p.in(args)
	if err := there.record(event{Operation: "invoke", Token: string(req.Tok), Values: values(args)}); err != nil {
		return plugin.InvokeResponse{}, err
	}
	var added resource.PropertyMap
	err := there.meet(ctx, "invoke", string(req.Tok))
	if err == nil {
		added, err = f.call(there, args)
	}
	if err != nil {
		// As the bridge to Terraform's providers writes the errors of one.
		return plugin.InvokeResponse{}, fmt.Errorf("invoking %s: 1 error occurred:\n\t* %w", req.Tok, err)
	}
	maps.Copy(args, added)
	return plugin.InvokeResponse{Properties: resource.FromResourcePropertyMap(args)}, nil
}

// policyDocument writes a policy document as the data source
// aws_iam_policy_document does: one value of a list stands alone, several stand
// in reverse order.
func policyDocument(_ *provider, args resource.PropertyMap) (resource.PropertyMap, error) {
	type principal struct {
		Type        string
		Identifiers []string
	}
	var given struct {
		PolicyID                                       string
		Version                                        string
		SourcePolicyDocuments, OverridePolicyDocuments []string
		Statements                                     []struct {
			Sid, Effect               string
			Actions, NotActions       []string
			Resources, NotResources   []string
			Principals, NotPrincipals []principal
			Conditions                []struct {
				Test, Variable string
				Values         []string
			}
		}
	}
	text, err := json.Marshal(native(resource.NewProperty(args)))
	if err == nil {
		err = json.Unmarshal(text, &given) // takes lower camel case for these names
	}
	if err != nil {
		return nil, err
	}
	if len(given.SourcePolicyDocuments)+len(given.OverridePolicyDocuments) > 0 {
		return nil, fmt.Errorf("the stand-in merges no documents")
	}

	principals := func(all []principal) any {
		if len(all) == 0 {
			return nil
		}
		if len(all) == 1 && all[0].Type == "*" && slices.Equal(all[0].Identifiers, []string{"*"}) {
			return "*"
		}
		byType := map[string]any{}
		for _, p := range all {
			byType[p.Type] = list(p.Identifiers)
		}
		return byType
	}
	type statement struct {
		Sid          string `json:",omitempty"`
		Effect       string
		Action       any                       `json:",omitempty"`
		NotAction    any                       `json:",omitempty"`
		Resource     any                       `json:",omitempty"`
		NotResource  any                       `json:",omitempty"`
		Principal    any                       `json:",omitempty"`
		NotPrincipal any                       `json:",omitempty"`
		Condition    map[string]map[string]any `json:",omitempty"`
	}
	document := struct {
		Version   string
		ID        string      `json:"Id,omitempty"`
		Statement []statement `json:",omitempty"`
	}{Version: given.Version, ID: given.PolicyID}
	if document.Version == "" {
		document.Version = "2012-10-17"
	}
	for _, s := range given.Statements {
		written := statement{
			Sid: s.Sid, Effect: s.Effect,
			Action: list(s.Actions), NotAction: list(s.NotActions),
			Resource: list(s.Resources), NotResource: list(s.NotResources),
			Principal: principals(s.Principals), NotPrincipal: principals(s.NotPrincipals),
			Condition: map[string]map[string]any{},
		}
		if written.Effect == "" {
			written.Effect = "Allow"
		}
		for _, c := range s.Conditions {
			if written.Condition[c.Test] == nil {
				written.Condition[c.Test] = map[string]any{}
			}
			written.Condition[c.Test][c.Variable] = list(c.Values)
		}
		document.Statement = append(document.Statement, written)
	}
	indented, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, err
	}
	minified, err := json.Marshal(document)
	return filled{"id": "1", "json": string(indented), "minifiedJson": string(minified)}.properties(), err
}

// list returns the values as an element of a document: nil for none.
func list(values []string) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	default:
		sorted := slices.Sorted(slices.Values(values))
		slices.Reverse(sorted)
		return sorted
	}
}
