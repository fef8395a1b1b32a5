package browser

import (
	"errors"

	"github.com/evanw/esbuild/pkg/api"
)

// Bundle makes one script of the flood page's clients. packages is a folder with
// the npm packages of package.json installed and flood.js in it.
func Bundle(packages string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:      []string{"flood.js"},
		AbsWorkingDir:    packages,
		Bundle:           true,
		MinifyWhitespace: true,
		Format:           api.FormatIIFE,
		Platform:         api.PlatformBrowser,
		Target:           api.ES2022,
		Write:            false,
	})
	var failed error
	for _, m := range result.Errors {
		failed = errors.Join(failed, errors.New("bundle page: "+m.Text))
	}
	if failed != nil {
		return nil, failed
	}
	return result.OutputFiles[0].Contents, nil
}
