"""The world behind the ports: S3, DynamoDB, SSM, Step Functions, SES, Secrets Manager, ZorgTTP."""
