package facts

import (
	"slices"

	"dynamoguard/internal/resource"
)

// The types that run code under a role, and the one by which instances have theirs.
const (
	Function         = "aws:lambda/function:Function"
	TaskDefinition   = "aws:ecs/taskDefinition:TaskDefinition"
	Instance         = "aws:ec2/instance:Instance"
	LaunchTemplate   = "aws:ec2/launchTemplate:LaunchTemplate"
	InstanceProfile  = "aws:iam/instanceProfile:InstanceProfile"
	PodIdentity      = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
	AppRunnerService = "aws:apprunner/service:Service"
	StateMachine     = "aws:sfn/stateMachine:StateMachine"
	GlueJob          = "aws:glue/job:Job"
)

// A runner is how a type runs code under a role: by the role itself, or by an instance profile. The properties stand for one another.
type runner struct {
	what string // as people call it
	by   []Reference
}

var runners = map[string]runner{
	Function:         {"function", []Reference{{"role", KindRole}}},
	TaskDefinition:   {"task", []Reference{{"taskRoleArn", KindRole}}},
	Instance:         {"instance", []Reference{{"iamInstanceProfile", KindInstanceProfile}}},
	PodIdentity:      {"pod", []Reference{{"roleArn", KindRole}}},
	AppRunnerService: {"service", []Reference{{"instanceConfiguration.instanceRoleArn", KindRole}}},
	StateMachine:     {"state machine", []Reference{{"roleArn", KindRole}}},
	GlueJob:          {"job", []Reference{{"roleArn", KindRole}}},
	LaunchTemplate: {"instances of", []Reference{
		{"iamInstanceProfile.name", KindInstanceProfile}, {"iamInstanceProfile.arn", KindInstanceProfile},
	}},

	"aws-native:lambda:Function":            {"function", []Reference{{"role", KindRole}}},
	"aws-native:ecs:TaskDefinition":         {"task", []Reference{{"taskRoleArn", KindRole}}},
	"aws-native:ec2:Instance":               {"instance", []Reference{{"iamInstanceProfile", KindInstanceProfile}}},
	"aws-native:eks:PodIdentityAssociation": {"pod", []Reference{{"roleArn", KindRole}}},
	"aws-native:ec2:LaunchTemplate": {"instances of", []Reference{
		{"launchTemplateData.iamInstanceProfile.name", KindInstanceProfile}, {"launchTemplateData.iamInstanceProfile.arn", KindInstanceProfile},
	}},
}

// profileRoles are the roles of instance profiles, of which each has one.
var profileRoles = map[string]Reference{
	InstanceProfile:       {"role", KindRole},
	NativeInstanceProfile: {"roles", KindRole},
}

// WorkloadReads returns the types that run code under a role, and the patterns of the properties that say which.
func WorkloadReads() map[string][]string {
	reads := map[string][]string{}
	for typ, role := range profileRoles {
		reads[typ] = []string{entities[typ].name, entities[typ].arn, role.Property}
	}
	for typ, r := range runners {
		for _, ref := range r.by {
			for _, pattern := range resource.Patterns(ref.Property) {
				if !slices.Contains(reads[typ], pattern) {
					reads[typ] = append(reads[typ], pattern)
				}
			}
		}
	}
	return reads
}

// A Workload is a resource that runs code under a role.
type Workload struct {
	URN  resource.URN
	What string // function, task, instance
}

// Workloads returns what runs under the roles that the stack declares, by the URN of the role and in the order of the stack, and the
// properties that may name one of them and are not known.
func (g *Graph) Workloads() (by map[resource.URN][]Workload, unknown []Place) {
	by = map[resource.URN][]Workload{}
	resolve := func(r *resource.Resource, ref Reference) (declared []*resource.Resource) {
		targets, missing := g.Resolve(r, ref, new(resource.Log))
		if missing {
			unknown = append(unknown, Place{r.URN, resource.Path(ref.Property)})
		}
		for _, t := range targets {
			if t.Declared != nil {
				declared = append(declared, t.Declared)
			}
		}
		return declared
	}
	for _, r := range g.Resources {
		runs := runners[r.Type]
		for _, ref := range runs.by {
			for _, role := range resolve(r, ref) {
				roles := []*resource.Resource{role}
				if ref.Kind == KindInstanceProfile {
					roles = resolve(role, profileRoles[role.Type])
				}
				for _, role := range roles {
					by[role.URN] = append(by[role.URN], Workload{r.URN, runs.what})
				}
			}
		}
	}
	return by, unknown
}
