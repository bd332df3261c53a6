package provider

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/resource"
)

// settings are what a provider was configured with.
type settings struct {
	name   string // of the provider resource; empty where the engine does not tell
	region resource.Value
}

// A caller is how a provider says where it works: functions without arguments, and what of their result tells.
type caller struct {
	account   string
	partition string // empty where the ARN that comes with the account tells it
	region    string
}

// Source: https://www.pulumi.com/registry/packages/aws/api-docs/getcalleridentity/ and .../getregion/, where v7 has region and earlier
// versions name, and for aws-native .../aws-native/api-docs/getaccountid/, .../getpartition/ and .../getregion/.
var callers = map[string]caller{
	"aws": {account: "aws:index/getCallerIdentity:getCallerIdentity", region: "aws:index/getRegion:getRegion"},
	"aws-native": {
		account: "aws-native:index:getAccountId", partition: "aws-native:index:getPartition", region: "aws-native:index:getRegion",
	},
}

// asking is how long a provider may take to say where it works: longer than a request to AWS that is tried again.
const asking = 15 * time.Second

var accountID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{12}$`) })

// askPlace asks the provider where it works. Where it does not say which account that is, nothing is foreseen of its resources, and
// the session is told why.
func (f *forwarder) askPlace() (foresight.Place, error) {
	ctx, cancel := context.WithTimeout(context.Background(), asking)
	defer cancel()
	f.mu.Lock()
	given := f.settings
	f.mu.Unlock()
	name := cmp.Or(given.name, filepath.Base(f.folder))

	by := callers[f.pkg]
	who, err := f.call(ctx, by.account)
	p := foresight.Place{Account: who["accountId"].GetStringValue()}
	if err == nil && !accountID().MatchString(p.Account) {
		err = fmt.Errorf("%s returns no account", by.account)
	}
	if err == nil && by.partition != "" {
		var in map[string]*structpb.Value
		in, err = f.call(ctx, by.partition)
		p.Partition = in["partition"].GetStringValue()
	} else if arn := strings.SplitN(who["arn"].GetStringValue(), ":", 3); len(arn) == 3 {
		p.Partition = arn[1]
	}
	if err != nil {
		err = fmt.Errorf("nothing is foreseen of what the provider %s creates, since it does not say where: %w", name, err)
		_ = f.session.Note(err.Error()) // where that fails the preview has ended
		return p, err
	}

	region, _ := given.region.Text()
	if given.region.Empty() {
		var where map[string]*structpb.Value
		where, err = f.call(ctx, by.region)
		region = cmp.Or(where["region"].GetStringValue(), where["name"].GetStringValue())
	}
	switch {
	case given.region.Secret():
		err = fmt.Errorf("it is a secret")
	case err == nil && region == "":
		err = fmt.Errorf("%s returns none", by.region)
	case err == nil:
		p.Region = region
	}
	if err != nil {
		_ = f.session.Note(fmt.Sprintf("nothing that is in a region is foreseen of what the provider %s creates, since its region is not known: %v", name, err))
	}
	return p, nil
}

// call returns what one of the provider's functions does.
func (f *forwarder) call(ctx context.Context, function string) (map[string]*structpb.Value, error) {
	a, err := pulumirpc.NewResourceProviderClient(f.real).Invoke(ctx, &pulumirpc.InvokeRequest{
		Tok: function, Args: &structpb.Struct{}, Preview: true,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %s", function, status.Convert(err).Message())
	}
	for _, failure := range a.GetFailures() {
		return nil, fmt.Errorf("%s: %s", function, failure.GetReason())
	}
	return a.GetReturn().GetFields(), nil
}
