package facts

import (
	"cmp"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
)

// A NotRead is a kind of resource that declares tables, or access to them, in a way that is not read.
type NotRead struct {
	Kind string // as people count it: Terraform resource
	Type string // as people write it: aws:index:DynamodbTable
}

// templates are the types whose resources are made of a CloudFormation template, and its property.
var templates = map[string]string{
	"aws:cloudformation/stack:Stack":       "templateBody",
	"aws:cloudformation/stackSet:StackSet": "templateBody",
	"aws-native:cloudformation:Stack":      "templateBody",
	"aws-native:cloudformation:StackSet":   "templateBody",
}

// TemplateReads returns the types that are made of a template, and the pattern of the property that holds it.
func TemplateReads() map[string][]string {
	reads := map[string][]string{}
	for typ, property := range templates {
		reads[typ] = []string{property}
	}
	return reads
}

// ofInterest are the services of CloudFormation and of Terraform whose resources are about tables, or access to them.
var ofInterest = struct{ formation, terraform []string }{
	formation: []string{"AWS::DynamoDB::", "AWS::DAX::", "AWS::IAM::", "AWS::SSO::", "AWS::Serverless::"},
	terraform: []string{"dynamodb", "dax", "iam", "ssoadmin"},
}

// aside are the types of aws-native's modules on tables and principals that declare no table, and no access to one. A type that is
// not among them, nor read, is one that came with a later version.
var aside = map[string]bool{
	"aws-native:dax:ParameterGroup":                              true,
	"aws-native:dax:SubnetGroup":                                 true,
	"aws-native:dynamodb:Backup":                                 true,
	"aws-native:iam:InstanceProfile":                             true,
	"aws-native:iam:OidcProvider":                                true,
	"aws-native:iam:SamlProvider":                                true,
	"aws-native:iam:ServerCertificate":                           true,
	"aws-native:iam:ServiceLinkedRole":                           true,
	"aws-native:iam:VirtualMfaDevice":                            true,
	"aws-native:sso:Application":                                 true,
	"aws-native:sso:ApplicationAssignment":                       true,
	"aws-native:sso:Assignment":                                  true,
	"aws-native:sso:Instance":                                    true,
	"aws-native:sso:InstanceAccessControlAttributeConfiguration": true,
}

// Read reports whether resources of a type of aws-native are read, or say nothing of tables and of access to them.
func Read(typ string) bool {
	_, links := links[typ]
	return links || len(holders[typ]) > 0 || shapes[typ] != nil || aside[typ]
}

// notRead says whether, and how, a resource declares what is not read; the zero value where it does not.
//
// A Terraform provider that is parameterised has tokens of its own, aws:index/dynamodbTable:DynamodbTable, and a Terraform
// module too, shop:tf:aws_dynamodb_table. A template that is not given in full may hold anything, so nothing is said of one
// that is fetched by its URL.
//
// Sources: https://www.pulumi.com/docs/iac/concepts/providers/any-terraform-provider/,
// https://www.pulumi.com/docs/iac/guides/building-extending/using-existing-tools/use-terraform-module/
func notRead(r *resource.Resource) NotRead {
	pack, rest, _ := strings.Cut(r.Type, ":")
	module, name, _ := strings.Cut(rest, ":")
	as := func(kind string) NotRead { return NotRead{Kind: kind, Type: resource.ShortType(r.Type)} }
	switch property, isTemplate := templates[r.Type]; {
	case isTemplate:
		text, _ := r.Properties.Get(property).Text()
		if slices.ContainsFunc(ofInterest.formation, func(service string) bool { return strings.Contains(text, service) }) {
			return as("CloudFormation template")
		}
	case pack == "aws-native" && slices.Contains([]string{"dynamodb", "dax", "iam", "sso"}, module) && !Read(r.Type):
		return as("aws-native resource")
	case module == "tf" && terraformOfInterest(strings.TrimPrefix(name, "aws_"), "_"):
		return as("Terraform resource")
	case pack == "aws" && strings.HasPrefix(module, "index/") && terraformOfInterest(strings.TrimPrefix(module, "index/"), ""):
		return as("Terraform resource")
	}
	return NotRead{}
}

// terraformOfInterest reports whether the name of a type, without the provider's, begins with a service and what ends its word:
// dynamodb_table, or dynamodbTable, in which a capital does.
func terraformOfInterest(name, end string) bool {
	return slices.ContainsFunc(ofInterest.terraform, func(service string) bool {
		rest, ok := strings.CutPrefix(name, service)
		if end != "" {
			return ok && strings.HasPrefix(rest, end)
		}
		return ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z'
	})
}

// A Count is how many resources of a kind were not read.
type Count struct {
	NotRead
	Resources int
}

// NotRead returns what of the stack was not read so far, by kind and type.
func (s *Stack) NotRead() []Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	counted := map[NotRead]int{}
	for _, kind := range s.notRead {
		counted[kind]++
	}
	var list []Count
	for kind, n := range counted {
		list = append(list, Count{kind, n})
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Type, b.Type))
	})
	return list
}
