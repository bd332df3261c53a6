package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
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

var awsFunctions = map[tokens.ModuleMember]function{
	"aws:iam/getPolicyDocument:getPolicyDocument": {
		args:   reflect.TypeFor[iam.GetPolicyDocumentArgs](),
		result: reflect.TypeFor[iam.GetPolicyDocumentResult](),
		call:   policyDocument,
	},
	"aws:index/getCallerIdentity:getCallerIdentity": {
		args:   reflect.TypeFor[struct{}](),
		result: reflect.TypeFor[aws.GetCallerIdentityResult](),
		call: func(p *provider, _ resource.PropertyMap) (resource.PropertyMap, error) {
			return resource.PropertyMap{
				"id":        resource.NewProperty(p.account),
				"accountId": resource.NewProperty(p.account),
				"arn":       p.arn("iam", "", "user/deployer"),
				"userId":    resource.NewProperty(principalID),
			}, nil
		},
	},
}

func (p *provider) Invoke(_ context.Context, req plugin.InvokeRequest) (plugin.InvokeResponse, error) {
	f, ok := p.pkg.functions[req.Tok]
	if !ok {
		return plugin.InvokeResponse{}, fmt.Errorf("the stand-in has no function %s", req.Tok)
	}
	result := resource.ToResourcePropertyMap(req.Args)
	added, err := f.call(p, result)
	if err != nil {
		return plugin.InvokeResponse{}, fmt.Errorf("%s: %w", req.Tok, err)
	}
	for key, value := range added {
		result[key] = value
	}
	return plugin.InvokeResponse{Properties: resource.FromResourcePropertyMap(result)}, nil
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
	return resource.PropertyMap{
		"id":           resource.NewProperty("1"),
		"json":         resource.NewProperty(string(indented)),
		"minifiedJson": resource.NewProperty(string(minified)),
	}, err
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
