// What the end-to-end tests send between pods, in one program that needs nothing beside it.
module nsbaseline.io/test/e2e/probe

go 1.26.0
