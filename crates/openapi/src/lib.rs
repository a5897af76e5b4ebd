//! OpenAPI 3.1 from the contract.
