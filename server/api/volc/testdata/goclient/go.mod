module parley/server/api/volc/testdata/goclient

go 1.26.0

require github.com/volcengine/volc-sdk-golang v1.0.160

require (
	github.com/cenkalti/backoff/v4 v4.2.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/net v0.22.0 // indirect
	golang.org/x/text v0.14.0 // indirect
)
